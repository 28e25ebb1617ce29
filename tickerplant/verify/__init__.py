"""The product's own audit: recomputes what the stream stages made, offline and by other means, and lists every difference.

Shares no code with processors/ nor with schemas/: whatever both sides took from one place, both could have wrong.
"""
