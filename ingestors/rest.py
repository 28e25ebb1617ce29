"""A provider's REST interface: attempts, time-outs, and limits that are kept to, whether they come as a status or inside a body that says 200."""

import asyncio
import random
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, Literal

import httpx
import msgspec
import structlog

from ingestors.backoff import Backoff
from ingestors.limits.gates import gate_of
from runtime import metrics
from runtime.addresses import is_loopback
from runtime.errors import TransientError, UserError
from schemas.reasons import Reason

log = structlog.get_logger()

_ATTEMPTS = 4
_TIMEOUT_S = 5.0  # with the attempts: a hole that cannot be filled holds up the live feed for 20 s at most
PATIENCE_S = (
    2.0  # of a live feed, which waits for the call: a longer limit (429) or ban (418) is reported, and nothing asked until it is over
)
_SAID_NO_S = 0.1  # a provider that says no and not for how long is asked again so late, then later
_LIMITED = (418, 429)
LIMITED_S = 1.0  # where the provider does not say for how long
_FOR_GOOD = ("refused", "unlisted")
_MAY_BE_MEANT = (403,)  # a key or a plan, where the provider says so itself
_NOT_NOW = (403, 408)  # a firewall and a time limit: nothing is wrong with the question


@cache
def _authorities(from_environment: bool) -> ssl.SSLContext:
    """Whom a provider's address may be vouched by. Reading them takes 20 ms: once a process, not once a client."""
    return httpx.create_ssl_context(trust_env=from_environment)


@dataclass(frozen=True, slots=True)
class Trouble:
    """What a body says beside data. limited: too many calls, ask again after wait_s; later: the provider cannot answer now; refused: it never will;
    unlisted: it does not have the symbol."""

    kind: Literal["limited", "later", "refused", "unlisted"]
    detail: str
    wait_s: float = field(default_factory=lambda: LIMITED_S)


class Unlisted(UserError):
    """The provider does not have the symbol that was asked for."""


Judge = Callable[[int, bytes], Trouble | None]
"""(status, body) -> what is wrong, or None where the body is the answer. Asked for every status; returns None for those that speak for themselves."""


class RestClient:
    """One HTTP connection pool to one provider. Every call may wait: for the network (5 s), for the provider's limits (ingestors.limits), between attempts.

    Raises TransientError when the provider cannot be asked or refuses for now, or answers with more than limits.max_answer_bytes; UserError when it refuses the question. section: the provider's in the
    settings, named in the advice. key: the one that it is asked with, by which the provider counts. patience_s: a call that the limits would hold up for
    longer fails with TransientError at once; None: it waits, for a day if it must.
    """

    def __init__(
        self,
        base_url: str,
        stage: str,
        section: str,
        judge: Judge | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        key: str = "",
        patience_s: float | None = PATIENCE_S,
    ) -> None:
        self._stage = stage
        self._key = key
        self._gate = gate_of(stage.removeprefix("ingest."), base_url, key)
        self._patience_s = patience_s
        self._section = section
        self._judge = judge or (lambda status, body: None)
        from_environment = not is_loopback(base_url)
        self._http = httpx.AsyncClient(
            base_url=base_url, timeout=_TIMEOUT_S, transport=transport, trust_env=from_environment, headers=headers,
            verify=_authorities(from_environment),
        )  # fmt: skip

    async def get(self, path: str, query: Mapping[str, str] | None = None, weight: int = 1) -> bytes:
        """The body of a good answer. weight: what the provider counts the call for."""
        return await self._call("GET", path, query, weight)

    async def post(self, path: str, query: Mapping[str, str] | None = None, weight: int = 1) -> bytes:
        """The same, for interfaces that want a POST without a body."""
        return await self._call("POST", path, query, weight)

    async def close(self) -> None:
        await self._http.aclose()

    async def _call(self, method: str, path: str, query: Mapping[str, str] | None, weight: int) -> bytes:
        backoff, problem, left = Backoff(_SAID_NO_S, 5.0, random.Random()), "", _ATTEMPTS  # noqa: S311 (jitter, not a secret)
        while left:
            await self._gate.enter(weight, self._patience_s)
            answer, trouble = await self._attempt(method, path, query, backoff)
            if trouble is None:
                return answer
            trouble = self._masked(trouble)
            if trouble.kind == "unlisted":
                raise Unlisted(f"{self._http.base_url.host} has no such symbol: {trouble.detail}; check {self._section}")
            if trouble.kind == "refused":
                raise UserError(f"{self._http.base_url.host} refuses {path}: {trouble.detail}; check {self._section}")
            problem = trouble.detail
            metrics.RETRIES.labels(self._stage, "rest").inc()
            log.warning("rest_call_failed", path=path, problem=problem, wait_s=round(trouble.wait_s, 3))
            left -= self._patience_s is not None or trouble.kind == "later"
            await self._pause(trouble, bool(left), backoff)
        raise TransientError(f"{self._http.base_url}{path}: {problem}")

    def _masked(self, trouble: Trouble) -> Trouble:
        """Without the key, which some providers, and proxies before them, repeat in what they say."""
        return replace(trouble, detail=trouble.detail.replace(self._key, "***")) if self._key else trouble

    async def _pause(self, trouble: Trouble, again: bool, backoff: Backoff) -> None:
        """A limit holds for all who ask over the same account; the gate waits for it."""
        if trouble.kind == "limited":
            await self._gate.ban(trouble.wait_s)
            if self._patience_s is not None and trouble.wait_s > self._patience_s:
                raise TransientError(f"{self._http.base_url}: {trouble.detail}; no question for {trouble.wait_s:.0f} s")
            if trouble.wait_s == 0:  # a provider that only says no: never as fast as it answers
                await asyncio.sleep(backoff.next_s())
        elif again:
            await asyncio.sleep(trouble.wait_s)

    async def _attempt(self, method: str, path: str, query: Mapping[str, str] | None, backoff: Backoff) -> tuple[bytes, Trouble | None]:
        try:
            async with self._http.stream(method, path, params=query) as answer:
                body = await self._body(answer)
        except (httpx.HTTPError, OSError) as error:
            return b"", Trouble("later", f"{type(error).__name__}: {error}", backoff.next_s())
        return body, self._trouble(answer, body, backoff)

    async def _body(self, answer: httpx.Response) -> bytes:
        """As it is after unpacking. Of one that is too large nothing where it is an answer, its beginning where it says that there is none."""
        body, most = bytearray(), self._gate.max_answer_bytes
        async for part in answer.aiter_bytes():
            body += part
            if len(body) > most:
                if answer.status_code == 200:
                    metrics.DROPPED.labels(self._stage, Reason.ANSWER_TOO_LARGE).inc()
                    raise TransientError(
                        f"{self._http.base_url}{answer.url.path}: the answer has more than {most} bytes (limits.max_answer_bytes)"
                    )
                break
        return bytes(body[:most])

    def _trouble(self, answer: httpx.Response, body: bytes, backoff: Backoff) -> Trouble | None:
        status, judged = answer.status_code, self._judge(answer.status_code, body)
        if status in _LIMITED:
            told_s = _retry_after_s(answer)
            said = judged if judged and judged.kind == "limited" else Trouble("limited", f"HTTP {status}", 0.0)
            return Trouble("limited", said.detail, max(told_s, said.wait_s))
        if status >= 500 or status in _NOT_NOW:
            if judged and judged.kind in _FOR_GOOD and status not in _MAY_BE_MEANT:  # it fails, in the form in which it refuses
                return Trouble("later", f"HTTP {status} {judged.detail}", backoff.next_s())
            return judged or Trouble("later", f"HTTP {status}", backoff.next_s())
        if judged or status == 200:
            return judged
        return Trouble("refused", f"HTTP {status} {body.decode(errors='replace')[:200]}")


def decoded(decode: Callable[[bytes], Any], body: bytes) -> Any:
    """The decoded body. Raises TransientError where it is not what was asked for."""
    try:
        return decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise TransientError(f"the answer of the REST interface is not what was asked for: {error}") from error


def _retry_after_s(answer: httpx.Response) -> float:
    try:
        return max(0.0, float(answer.headers.get("Retry-After", "1")))
    except ValueError:
        return 1.0
