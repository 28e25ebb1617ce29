"""The handshake's answer: in, or refused with a status that says why, before anything is spent on the client."""

from functools import partial
from http import HTTPStatus

from websockets.http11 import Request, Response

from gateway.access.addresses import counted_as
from gateway.access.control import AccessControl
from gateway.access.grants import OPERATOR, RefusedToken, has_keys
from gateway.access.member import Member
from gateway.access.origins import is_local_name, is_origin_allowed
from gateway.connection import Connection
from gateway.pages import refusal
from gateway.protocol import BadMessage
from gateway.urls import subscription_of, wire_of
from runtime.settings import GatewaySettings


class _Refused(Exception):
    """status and sentence: the client's; str(): the reason as the audit log and the metric name it."""

    def __init__(self, status: HTTPStatus, reason: str, sentence: str) -> None:
        super().__init__(reason)
        self.status = status
        self.sentence = sentence


class Door:
    """Counts who is inside."""

    def __init__(self, settings: GatewaySettings, control: AccessControl) -> None:
        self._settings = settings
        self._control = control
        self._inside: set[Member] = set()

    async def refusal(self, connection: Connection, request: Request) -> Response | None:
        """None: the client is in, and has a member until its socket is gone."""
        address = self._address(connection, request)
        member = Member(self._control, str(connection.id), address)
        connection.member, connection.on_lost = member, partial(self._leave, member)
        try:
            await self._examine(connection, member, request)
        except _Refused as error:
            self._leave(member)
            self._control.audit.refused("connect", str(error), client=str(connection.id), address=address)
            return refusal(error.status, error.sentence)
        if (
            member.is_closed or connection.is_lost
        ):  # it went before we looked, or while we waited for a claim; what came of it since is given back
            self._leave(member)
        return None

    def _address(self, connection: Connection, request: Request) -> str:
        peer = connection.remote_address
        return self._control.address_of(peer[0] if peer else "", request.headers.get_all("X-Forwarded-For"))

    async def _examine(self, connection: Connection, member: Member, request: Request) -> None:
        if "token=" in request.path.partition("?")[2]:
            sentence = "a token in an address ends in logs; send it as Authorization: Bearer, or by the action authenticate"
            raise _Refused(HTTPStatus.BAD_REQUEST, "token_in_address", sentence)
        try:
            subscription_of(request.path)
            connection.offer(wire_of(request.path))
        except BadMessage as bad:
            raise _Refused(HTTPStatus.BAD_REQUEST, "address", str(bad)) from None
        origins = request.headers.get_all("Origin")
        origin = origins[0] if origins else None
        if len(origins) > 1 or not is_origin_allowed(origin, _host(request), self._settings.allowed_origins):
            raise _Refused(HTTPStatus.FORBIDDEN, "origin", "this origin may not connect; name it in gateway.allowed_origins")
        if len(self._inside) >= self._settings.max_connections:
            sentence = "the gateway has as many clients as it takes; try again later"
            raise _Refused(HTTPStatus.SERVICE_UNAVAILABLE, "max_connections", sentence)
        self._inside.add(member)
        if not await member.count_address():
            sentence = "this address has as many connections as it may have; close some (gateway.access.connections_per_address)"
            raise _Refused(HTTPStatus.TOO_MANY_REQUESTS, "connections_per_address", sentence)
        await self._identify(member, request)

    async def _identify(self, member: Member, request: Request) -> None:
        try:
            await member.enter(_bearer(request))
        except RefusedToken as error:
            is_full = error.code == "too_many_connections"
            status = HTTPStatus.TOO_MANY_REQUESTS if is_full else HTTPStatus.UNAUTHORIZED
            raise _Refused(status, error.code, f"{error.code}: {error}") from None

    async def operator_refusal(self, connection: Connection, request: Request) -> Response | None:
        """None: the client may see /stats. With a key in the settings: by a token of the role operator; else from this machine alone."""
        peer = connection.remote_address
        try:
            if has_keys(self._settings.access):
                await self._check_operator(request)
            elif (
                counted_as(peer[0] if peer else "") is not None or "X-Forwarded-For" in request.headers or not is_local_name(_host(request))
            ):
                raise _Refused(HTTPStatus.FORBIDDEN, "not_local", "without a key in the settings /stats is for this machine alone")
        except _Refused as error:
            self._control.audit.refused("stats", str(error), address=self._address(connection, request))
            return refusal(error.status, error.sentence)
        self._control.audit.allowed("stats", address=self._address(connection, request))
        return None

    async def _check_operator(self, request: Request) -> None:
        try:
            grant = await self._control.grant(_bearer(request) or "")
        except RefusedToken as error:
            raise _Refused(HTTPStatus.UNAUTHORIZED, error.code, f"{error.code}: {error}") from None
        if OPERATOR not in grant.roles:
            raise _Refused(HTTPStatus.FORBIDDEN, "not_operator", "/stats is for tokens with the role operator")

    def _leave(self, member: Member) -> None:
        self._inside.discard(member)
        member.close()


def _host(request: Request) -> str:
    hosts = request.headers.get_all("Host")
    return hosts[0] if len(hosts) == 1 else ""


def _bearer(request: Request) -> str | None:
    """The token of the Authorization header. Raises RefusedToken for a header of another kind."""
    given = request.headers.get_all("Authorization")
    if not given:
        return None
    scheme, _, token = given[0].partition(" ")
    if len(given) > 1 or scheme.lower() != "bearer" or not token.strip():
        raise RefusedToken("token_malformed", "write one header Authorization: Bearer TOKEN")
    return token.strip()
