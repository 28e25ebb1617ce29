"""What the shared store raises; apart from it, so that those who run without it need not load it."""


class StoreAway(Exception):
    """Redis does not answer: every process counts for itself meanwhile."""
