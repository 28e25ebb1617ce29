"""Stage 5: market.bars, market.indicators and market.gaps to market.alerts, by rules that market.control changes while it runs.

What is raised follows from the series and the rules alone: a correction judges again what it changed, and a rule holds from a place in the log.
"""
