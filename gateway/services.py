"""What all sessions of a process share."""

import asyncio
from dataclasses import dataclass

from gateway.catchup import CatchUp
from gateway.feed import Feed
from gateway.hub import Hub
from gateway.snapshots import Snapshots
from gateway.views import Listing
from runtime.clock import Clock
from runtime.settings import GatewaySettings


@dataclass(frozen=True, slots=True)
class Services:
    """loaded: set once the ends of the topics are read."""

    hub: Hub
    feed: Feed
    snapshots: Snapshots
    catch_up: CatchUp
    loaded: asyncio.Event
    clock: Clock
    settings: GatewaySettings
    listing: Listing
