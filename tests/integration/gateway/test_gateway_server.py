"""The gateway's port: TLS, silent and many connections, heartbeats, what operators see, the end."""

import asyncio
import datetime
import socket
import ssl
from collections.abc import Iterator
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from websockets.exceptions import ConnectionClosed

from tests.access_support import SECRET, rsa_key, token
from tests.gateway_events import trade
from tests.gateway_support import Client, Feeder, Gateway, client_of, running_gateway
from tests.support import TEST_OPTIONS, eventually, run_tickerplant

pytestmark = pytest.mark.stack
PREFIX = "TICKERPLANT_GATEWAY__"
ATTEMPTS = int(TEST_OPTIONS.get("TICKERPLANT_TEST_ATTEMPTS", "600"))


@pytest.fixture(scope="module")
def gateway(module_line: Any) -> Iterator[Gateway]:
    """For the tests that do not end it."""
    env = {f"{PREFIX}HANDSHAKE_TIMEOUT_S": "1", f"{PREFIX}MAX_HANDSHAKES": "20", f"{PREFIX}HEARTBEAT_S": "0.3"}
    with running_gateway(module_line, **env) as started:
        yield started


def certificate(folder: Path) -> tuple[Path, Path]:
    """Files of a certificate for this machine, and of its key."""
    key = rsa_key()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
    made = made.not_valid_before(now).not_valid_after(now + datetime.timedelta(days=1))
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    paths = folder / "certificate.pem", folder / "key.pem"
    paths[0].write_bytes(made.sign(key, SHA256()).public_bytes(Encoding.PEM))
    paths[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return paths


async def test_tls_is_1_3_alone(line: Any, tmp_path: Path) -> None:
    chain, key = certificate(tmp_path)
    with running_gateway(line, **{f"{PREFIX}TLS_CERTIFICATE": str(chain), f"{PREFIX}TLS_KEY": str(key)}) as gateway:
        assert gateway.url.startswith("https://")
        trusting = ssl.create_default_context(cafile=str(chain))
        socket_url = gateway.url.replace("https://127.0.0.1", "wss://localhost") + "/ws"
        gateway.socket = socket_url
        async with client_of(gateway, ssl=trusting) as client:
            snapshot = client.subscribe("ticks")
            assert (await snapshot)["items"] == []
            Feeder(line).ticks(trade(1))
            assert [message["source_seq"] for message in await client.updates(1)] == [1]
            assert client.connection.transport.get_extra_info("ssl_object").version() == "TLSv1.3"
        trusting.maximum_version = ssl.TLSVersion.TLSv1_2
        with pytest.raises((ssl.SSLError, ConnectionError)):
            async with client_of(gateway, ssl=trusting):
                pass


def test_tls_files_that_do_not_fit_are_one_line(tmp_path: Path) -> None:
    chain, _ = certificate(tmp_path)
    wrong = {f"{PREFIX}TLS_CERTIFICATE": str(chain), f"{PREFIX}TLS_KEY": str(chain), "TICKERPLANT_KAFKA__BOOTSTRAP_SERVERS": "127.0.0.1:1"}
    done = run_tickerplant("gateway", "--data-dir", str(tmp_path), env=wrong)
    assert (done.returncode, done.stderr.strip().count("\n")) == (2, 0)
    assert "PEM files that belong together" in done.stderr
    del wrong[f"{PREFIX}TLS_KEY"]
    assert "both tls_certificate and tls_key" in run_tickerplant("gateway", env=wrong).stderr


def silent(gateway: Gateway, said: bytes = b"") -> socket.socket:
    host, port = gateway.url.removeprefix("http://").split(":")
    opened = socket.create_connection((host, int(port)))
    opened.sendall(said)
    return opened


def is_cut_off(opened: socket.socket) -> bool:
    opened.settimeout(0.01)
    try:
        return opened.recv(100) == b""
    except TimeoutError:
        return False
    except ConnectionError:
        return True


async def test_slow_handshakes_are_cut_off_and_others_come_in(gateway: Gateway) -> None:
    half = b"GET /ws HTTP/1.1\r\nHost: x\r\n"
    slow = [silent(gateway, half if number % 2 else b"") for number in range(60)]
    async with client_of(gateway) as client:
        await client.send(action="ping")
        assert (await client.until("pong"))["type"] == "pong"
        eventually(lambda: sum(map(is_cut_off, slow)) == 60, 10)
        assert gateway.metric("tickerplant_refused_total", reason="max_handshakes") >= 40
    for each in slow:
        each.close()
    large = silent(gateway, b"GET /ws HTTP/1.1\r\n" + b"X-Long: " + b"x" * 100_000)
    eventually(lambda: is_cut_off(large) or large.recv(10) == b"", 10)
    large.close()


async def attempt(gateway: Gateway, number: int) -> bytes:
    """One connection that is not to get in; its answer."""
    host, port = gateway.url.removeprefix("http://").split(":")
    path, head = ("/ws", f"Authorization: Bearer x.y.z{number}\r\n") if number % 3 else ("/ws?token=abc", "")
    head += "" if number % 2 else "Origin: http://evil.example\r\n"
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        upgrade = (
            "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        )
        writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{upgrade}{head}\r\n".encode())
        return await reader.read(60)
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


async def test_thousands_of_attempts_are_refused_with_their_codes_and_nobody_else_notices(line: Any) -> None:
    feeder, symbol = Feeder(line), "BTC-USDT"
    with running_gateway(line, **{f"{PREFIX}ACCESS__HS256_SECRET": SECRET}) as gateway:
        async with client_of(gateway, additional_headers={"Authorization": f"Bearer {token()}"}) as client:
            await client.subscribe("ticks", symbol)

            async def flood(numbers: range) -> set[bytes]:
                return {(await attempt(gateway, number)).split(b" ")[1] for number in numbers}

            floods = [asyncio.create_task(flood(range(start, ATTEMPTS, 20))) for start in range(20)]
            for number in range(1, 301):
                feeder.ticks(trade(number, symbol))
                feeder.flush()
                [message] = await client.updates(1)
                assert message["source_seq"] == number
            assert set().union(*await asyncio.gather(*floods)) == {b"400", b"401", b"403"}
            assert gateway.metric("tickerplant_refused_total", action="connect") == ATTEMPTS
            eventually(lambda: gateway.metric("tickerplant_clients") == 1)
        assert httpx.get(f"{gateway.url}/stats").status_code == 401
        for roles, status in (([], 403), (["operator"], 200)):
            headers = {"Authorization": f"Bearer {token('olga', roles=roles)}"}
            assert httpx.get(f"{gateway.url}/stats?limit=5", headers=headers).status_code == status
        lines = gateway.log.read_text().count('"outcome": "refused"')
        assert lines <= ATTEMPTS
        assert "x.y.z" not in gateway.log.read_text()


async def test_quiet_clients_get_heartbeats_and_busy_ones_go_on(gateway: Gateway, module_line: Any) -> None:
    feeder = Feeder(module_line)
    async with client_of(gateway) as quiet, client_of(gateway) as busy:
        await busy.subscribe("ticks")
        beat = await quiet.until("heartbeat")
        assert (beat["kafka"], beat["ts_ns"] > 0) == ("up", True)
        for number in range(1, 31):
            feeder.ticks(trade(number))
            feeder.flush()
            await busy.updates(1)
        for _ in range(3):
            assert (await quiet.until("heartbeat"))["type"] == "heartbeat"


async def test_without_a_key_this_machine_sees_every_connection(gateway: Gateway) -> None:
    async with client_of(gateway) as client:
        await client.send(action="subscribe", channel="ohlcv", symbol="BTC-USDT")
        await client.until("snapshot")
        body = httpx.get(f"{gateway.url}/stats").json()
        mine = [each for each in body["clients"] if each["subscriptions"] == 1]
        assert [(each["tier"], each["waiting"], each["sent"] >= 3) for each in mine] == [("enterprise", 0, True)]
    for headers in ({"Host": "evil.example"}, {"X-Forwarded-For": "198.51.100.7"}):
        assert httpx.get(f"{gateway.url}/stats", headers=headers).status_code == 403


async def test_clients_are_told_to_reconnect_over_time(line: Any) -> None:
    with running_gateway(line) as gateway:
        closed: list[int] = []

        async def stay(client: Client) -> None:
            with suppress(ConnectionClosed):
                await client.until("nothing that is ever sent")
            assert client.connection.close_code == 1001
            closed.append(client.connection.close_code or 0)

        async with AsyncExitStack() as stack:
            clients = [await stack.enter_async_context(client_of(gateway)) for _ in range(60)]
            staying = [asyncio.create_task(stay(client)) for client in clients]
            started_s = asyncio.get_running_loop().time()
            gateway.process.terminate()
            await asyncio.gather(*staying)
        assert asyncio.get_running_loop().time() - started_s >= 0.1  # 60 clients at 500 a second
        assert closed == [1001] * 60
        assert gateway.process.wait(20) == 0
