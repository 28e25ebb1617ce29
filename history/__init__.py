"""A reader for backtests: bars, ticks, indicators and signals of the store as pandas or Arrow tables. See docs/guides/backtesting.md."""

from history.adjust import Dividend, Split, adjusted
from history.client import History
from history.errors import NoRows
from history.selection import Progress, Selection

__all__ = ["Dividend", "History", "NoRows", "Progress", "Selection", "Split", "adjusted"]
