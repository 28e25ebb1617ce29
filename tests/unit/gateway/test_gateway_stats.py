"""/stats and the metrics of all connections."""

import json
from typing import Any

from gateway.stats import measure_tiers, measure_waiting, stats
from runtime import metrics


class Client:
    def __init__(self, number: int, waiting: int, tier: str) -> None:
        self.number, self.waiting, self.tier = number, waiting, tier

    def describe(self) -> dict[str, Any]:
        return {"client": self.number, "waiting": self.waiting}


CLIENTS = [Client(1, 0, "free"), Client(2, 70, "free"), Client(3, 7, "premium")]


def test_slowest_first_and_no_more_than_asked_for() -> None:
    body = json.loads(stats(CLIENTS, "up", "limit=2").body)
    assert [each["client"] for each in body["clients"]] == [2, 3]
    assert (body["connections"], body["waiting_messages"], body["by_tier"]) == (3, 77, {"free": 2, "premium": 1})
    assert len(json.loads(stats(CLIENTS, "up", "").body)["clients"]) == 3
    for query in ("limit=-1", "limit=1001", "limit=x", "limit=%00"):
        assert stats(CLIENTS, "up", query).status_code == 400


def test_metrics() -> None:
    measure_tiers(CLIENTS)
    measure_waiting(CLIENTS)
    assert metrics.WAITING_MESSAGES.labels("all")._value.get() == 77
    assert metrics.WAITING_MESSAGES.labels("most")._value.get() == 70
    assert metrics.TIER_CLIENTS.labels("free")._value.get() == 2
    measure_tiers([])
    measure_waiting([])
    assert metrics.TIER_CLIENTS.labels("free")._value.get() == 0
