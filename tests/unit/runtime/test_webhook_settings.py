"""Which receivers of webhooks are accepted, and that none of them is shown."""

import json
from typing import Any

import pytest

from runtime.errors import UserError
from runtime.settings import load_settings
from tests.support import run_tickerplant


def webhook(**fields: Any) -> Any:
    return load_settings(sink={"webhook": fields}).sink.webhook


@pytest.mark.parametrize(
    "url", ["https://example.org", "http://127.0.0.1:9/hook", "https://hooks.example.org/T1/x?token=a%20b&c=1", "https://[::1]:8/x"]
)
def test_accepted(url: str) -> None:
    assert [one.get_secret_value() for one in webhook(urls=[url]).urls] == [url]


@pytest.mark.parametrize(
    "url",
    ["ftp://example.org", "example.org/x", "https://", "https:///x", "https://me:pencil@example.org/", "https://exa mple.org", "file:///etc/passwd",
     "https://example.org/#x", "https://exämple.org/", "https://example.org:port/", "https://example.org/a\nb"],
)  # fmt: skip
def test_refused_without_showing_it(url: str) -> None:
    with pytest.raises(UserError) as caught:
        webhook(urls=[url])
    assert "sink.webhook.urls" in str(caught.value)
    assert "pencil" not in str(caught.value)


def test_secrets() -> None:
    assert webhook(secret="").secret is None
    assert webhook(secret="x" * 16).secret.get_secret_value() == "x" * 16
    with pytest.raises(UserError, match=r"sink\.webhook\.secret: write at least 16 characters"):
        webhook(secret="pencil")


def test_urls_and_secret_are_masked() -> None:
    env = {"TICKERPLANT_SINK__WEBHOOK__URLS": '["https://example.org/pencil"]', "TICKERPLANT_SINK__WEBHOOK__SECRET": "pencil" * 4}
    done = run_tickerplant("config", "show", "--json", env=env)
    assert "pencil" not in done.stdout
    shown = json.loads(done.stdout)
    assert (shown["sink.webhook.urls"]["value"], shown["sink.webhook.secret"]["value"]) == (["***"], "***")
