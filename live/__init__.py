"""A client of the gateway: typed messages over a WebSocket that comes back by itself. Stands alone: needs websockets and msgspec, nothing of ours.

See docs/guides/live-client.md.
"""

from live.conversation import Message
from live.errors import LiveError, Refused
from live.events import Resumed, Skipped, Snapshot, Status
from live.messages import Alert, Bar, Gap, Indicators, OrderBook, Quality, Quote, Signal, Summary, Trade, Update
from live.selection import Selection
from live.stream import Stream, subscribe

__all__ = [
    "Alert",
    "Bar",
    "Gap",
    "Indicators",
    "LiveError",
    "Message",
    "OrderBook",
    "Quality",
    "Quote",
    "Refused",
    "Resumed",
    "Selection",
    "Signal",
    "Skipped",
    "Snapshot",
    "Status",
    "Stream",
    "Summary",
    "Trade",
    "Update",
    "subscribe",
]
