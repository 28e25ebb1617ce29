"""Forms of settings that are more than a type. Messages never hold an address: there may be a password in it."""

import re
from ipaddress import ip_address, ip_network
from pathlib import Path
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo

from pydantic import SecretStr

_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\[\]:@]*)(:\d{1,5})?")
_NO_CODE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_CODES = "in user and password write @ as %40, : as %3A, / as %2F, ? as %3F, # as %23, % as %25"
_SECRET_CHARACTERS = 16
_HS256_CHARACTERS = 32  # RFC 7518: a key as long as the hash at least; a shorter one can be guessed from one token
_MOMENT = re.compile(r"[a-z0-9-]+:[a-z_]+:[1-9]\d{0,8}")


def existing_file(path: Path) -> Path:
    if not path.is_file():
        raise ValueError(f"{path} is not there; correct the path or remove the setting")
    return path


def postgres_url(url: SecretStr) -> SecretStr:
    """Refuses what libpq would refuse while quoting all of it."""
    parts = _parts(url, ("postgresql", "postgres"), "postgresql://user:password@host:port/name")
    if not (parts.netloc.rpartition("@")[2] or "host=" in parts.query):
        raise ValueError("there is no host in it; write postgresql://user:password@host:port/name")
    return url


def redis_url(url: SecretStr) -> SecretStr:
    form = "redis://:password@host:port/0, rediss:// for TLS, unix:///path of a socket"
    parts = _parts(url, ("redis", "rediss", "unix"), form)
    database = parts.path.strip("/")
    if parts.scheme != "unix" and database and not database.isdecimal():
        raise ValueError(f"the database after the last / is no number; write {form}")
    return url


def _parts(url: SecretStr, schemes: tuple[str, ...], form: str) -> SplitResult:
    text = url.get_secret_value()
    scheme, separator, _ = text.partition("://")
    if not separator or scheme not in schemes:
        raise ValueError(f"write {form}")
    try:
        parts = urlsplit(text)
    except ValueError:  # its own words quote a part of it
        raise ValueError(f"it is no URL; write {form}") from None
    login, _, hosts = parts.netloc.rpartition("@")
    is_split_wrong = "@" in login or "@" in parts.path or "#" in text or login.count(":") > 1
    if is_split_wrong or _NO_CODE.search(text) or not all(_HOST.fullmatch(host) for host in hosts.split(",")):
        raise ValueError(f"host or port cannot be told from the rest; write {form}; {_CODES}")
    return parts


def webhook_url(url: SecretStr) -> SecretStr:
    """http or https with a host. A path and a query may hold a token: the whole is a secret."""
    form = "https://host/path"
    text = url.get_secret_value()
    parts = _parts(url, ("https", "http"), form) if "#" not in text else None
    if parts is None or not parts.hostname or not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError(f"it is no URL that can be called; write {form}")
    if "@" in parts.netloc:
        raise ValueError("leave user and password out; the receiver knows us by the signature (sink.webhook.secret)")
    return url


def webhook_secret(secret: SecretStr | None) -> SecretStr | None:
    """Nothing is none; a short one could be guessed."""
    if secret is None or not secret.get_secret_value():
        return None
    if len(secret.get_secret_value()) < _SECRET_CHARACTERS:
        raise ValueError(f"write at least {_SECRET_CHARACTERS} characters")
    return secret


def kill_moments(text: str) -> str:
    if not all(_MOMENT.fullmatch(moment) for moment in filter(None, text.split(","))):
        raise ValueError("write process:point:times, as process-bars:outputs_delivered:3, several with commas between")
    return text


def signing_secret(secret: SecretStr | None) -> SecretStr | None:
    """Nothing is none."""
    if secret is None or not secret.get_secret_value():
        return None
    if len(secret.get_secret_value().encode()) < _HS256_CHARACTERS:
        raise ValueError(f"write at least {_HS256_CHARACTERS} characters; `openssl rand -hex 32` makes some")
    return secret


def keys_url(url: str | None) -> str | None:
    """https, or http to this machine: who can change the answer on its way can make tokens."""
    if not url:
        return None
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        is_local = host == "localhost" or (host.replace(".", "").isdigit() and ip_address(host).is_loopback)
    except ValueError:
        raise ValueError("it is no URL; write https://host/path") from None
    if not host or parts.scheme not in ("https", "http") or (parts.scheme == "http" and not is_local):
        raise ValueError("write https://host/path; http only to this machine")
    return url


def networks(texts: tuple[str, ...]) -> tuple[str, ...]:
    for text in texts:
        try:
            ip_network(text)
        except ValueError:
            raise ValueError(f"{text} is no address or network; write 10.0.0.7 or 10.0.0.0/8") from None
    return texts


def zone_name(name: str) -> str:
    try:
        ZoneInfo(name)
    except (LookupError, ValueError, OSError):
        raise ValueError(f"{name!r} is no time zone; write it as UTC or America/New_York") from None
    return name


def cron_or_never(text: str) -> str:
    """Five fields; nothing is never."""
    from croniter import croniter  # only where somebody writes one: it loads much

    if text and not (len(text.split()) == 5 and croniter.is_valid(text)):
        raise ValueError(f"{text!r} is no cron expression of five fields; write it as `30 2 * * *` (02:30 every day)")
    return text
