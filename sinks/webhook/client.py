"""One request to one receiver, and what its answer means."""

from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Literal
from urllib.parse import urlsplit

import httpx

from runtime.addresses import is_loopback
from runtime.clock import Clock
from runtime.errors import UserError
from runtime.settings import WebhookSettings
from schemas.timeframes import SECOND_NS
from sinks.webhook.signature import headers_of

_TRY_AGAIN = frozenset({408, 425, 429})  # and every 5xx
MAX_RETRY_AFTER_S = 3600.0


@dataclass(frozen=True, slots=True)
class Answer:
    """result: `failed` may work later, `refused` never will. said: why, without the URL, which is a secret. retry_after_s: the receiver's wish, or 0."""

    result: Literal["delivered", "failed", "refused"]
    said: str = ""
    retry_after_s: float = 0.0


class WebhookClient:
    """name: host of the receiver and its number, for people. Redirects are not followed: what is signed goes where it was meant to go."""

    def __init__(self, number: int, url: str, settings: WebhookSettings, clock: Clock) -> None:
        self.name = f"{urlsplit(url).hostname} ({number})"
        self._url = url
        self._secret = settings.secret.get_secret_value() if settings.secret else None
        self._clock = clock
        try:
            self._http = httpx.Client(timeout=settings.timeout_s, follow_redirects=False, trust_env=not is_loopback(url))
        except (ValueError, OSError) as error:  # a proxy's or an authority's variable that is wrong
            raise UserError(f"HTTP cannot be used: {type(error).__name__}; look at the variables of proxies and SSL_CERT_FILE") from None

    def post(self, body: bytes, alert_id: str) -> Answer:
        """Blocks up to sink.webhook.timeout_s for each of connecting, writing and reading."""
        now_s = self._clock.now_ns() // SECOND_NS
        try:
            with self._http.stream("POST", self._url, content=body, headers=headers_of(self._secret, now_s, body, alert_id)) as response:
                return self._answer(response)  # the body is nobody's business and may be endless
        except (httpx.InvalidURL, httpx.UnsupportedProtocol):
            return Answer("refused", "the URL cannot be called")
        except httpx.HTTPError as error:
            return Answer("failed", type(error).__name__)

    def _answer(self, response: httpx.Response) -> Answer:
        status = response.status_code
        if response.is_success:
            return Answer("delivered")
        if status in _TRY_AGAIN or status >= 500:
            return Answer("failed", f"status {status}", self._retry_after_s(response.headers.get("Retry-After", "")))
        return Answer("refused", f"status {status}")

    def _retry_after_s(self, text: str) -> float:
        """Seconds, or a date; what is neither is no wish. Never longer than an hour."""
        try:
            wish_s = float(text) if text.isdecimal() else parsedate_to_datetime(text).timestamp() - self._clock.now_ns() / SECOND_NS
        except (ValueError, TypeError, OverflowError):
            return 0.0
        return min(max(wish_s, 0.0), MAX_RETRY_AFTER_S)

    def close(self) -> None:
        self._http.close()
