"""Benchmarks of the whole line, printed by one command: `python -m bench` (`make bench`). Nothing here is imported by the product."""
