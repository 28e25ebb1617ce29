"""Dead letters as text and as JSON. What a letter carries came from outside: control characters never reach the terminal."""

import base64
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from schemas.reasons import CATALOGUE, Reason
from tickerplant.dead_letters.reader import StoredLetter
from tickerplant.dead_letters.replayed import Replayed

UNREADABLE = "unreadable"  # the record in the topic is no dead letter


def reason_of(stored: StoredLetter) -> str:
    return stored.letter.reason if stored.letter else UNREADABLE


def stage_of(stored: StoredLetter) -> str:
    return stored.letter.stage if stored.letter else ""


def meaning_of(reason: str) -> str:
    """The catalogue's sentence."""
    try:
        return CATALOGUE[Reason(reason)].meaning
    except (KeyError, ValueError):
        return "the record in the topic is no dead letter" if reason == UNREADABLE else "no reason that this version knows"


def counts(letters: Iterable[StoredLetter]) -> Counter[str]:
    """Letters by reason."""
    return Counter(reason_of(stored) for stored in letters)


def summary(stored: StoredLetter) -> dict[str, Any]:
    """One letter without its payload, for lists."""
    letter = stored.letter
    entry: dict[str, Any] = {"partition": stored.partition, "offset": stored.offset, "reason": reason_of(stored), "stage": stage_of(stored)}
    if letter is None:
        return entry | {"ts": moment(stored.timestamp_ms * 1_000_000), "error": meaning_of(UNREADABLE), "size": len(stored.raw)}
    return entry | {
        "ts": moment(letter.ts_ns),
        "source": letter.source,
        "error": letter.error,
        "topic": letter.topic,
        "input": f"{letter.partition}:{letter.offset}" + (f":{letter.index}" if letter.index >= 0 else ""),
        "size": letter.size,
        "trace": letter.trace,
    }


def details(stored: StoredLetter) -> dict[str, Any]:
    """One letter whole. payload: as text where it is UTF-8, else None; payload_base64: the bytes, always."""
    payload = stored.letter.payload if stored.letter else stored.raw
    return summary(stored) | {
        "meaning": meaning_of(reason_of(stored)),
        "sha256": stored.letter.sha256 if stored.letter else "",
        "is_cut": bool(stored.letter) and len(payload) < stored.letter.size,  # type: ignore[union-attr]
        "headers": stored.letter.headers if stored.letter else {},
        "record_headers": stored.headers,
        "payload": _text(payload),
        "payload_base64": base64.b64encode(payload).decode(),
    }


def _text(payload: bytes) -> str | None:
    try:
        return payload.decode()
    except UnicodeDecodeError:
        return None


def readable(payload: bytes) -> str:
    """Bytes for a terminal: text as it is, all that is not printable as \\xNN or \\uNNNN."""
    text = payload.decode("utf-8", "backslashreplace")
    return "".join(char if char.isprintable() or char == "\n" else char.encode("unicode_escape").decode() for char in text)


def line(stored: StoredLetter) -> str:
    """One letter in a list."""
    entry = summary(stored)
    place = f"{stored.partition}:{stored.offset}"
    return readable(f"{place:<10} {entry['ts']:<24} {entry['reason']:<20} {entry['stage']:<16} {entry['error'][:90]}".encode()).replace(
        "\n", " "
    )


def page(stored: StoredLetter) -> str:
    """One letter as text."""
    entry = details(stored)
    names = ("ts", "reason", "meaning", "error", "stage", "source", "topic", "input", "trace", "size", "sha256")
    lines = [f"{name:<10} {readable(str(entry[name]).encode())}" for name in names if entry.get(name) not in (None, "")]
    lines += [f"{'header':<10} {readable(f'{name}: {value}'.encode())}" for name, value in sorted(entry["headers"].items())]
    payload = stored.letter.payload if stored.letter else stored.raw
    cut = f", the first {len(payload):,} of {entry['size']:,} bytes" if entry["is_cut"] else ""
    return "\n".join([f"dead letter {stored.partition}:{stored.offset}", *lines, f"payload{cut}:", readable(payload)])


def replayed_entry(done: Replayed, applied: bool) -> dict[str, Any]:
    """What a replay did, or would do."""
    return {"applied": applied, "letters": done.letters, "sent": dict(done.sent), "left_out": dict(done.left_out)}


def replayed_text(done: Replayed, applied: bool) -> str:
    """The same as text."""
    word = "sent to" if applied else "would be sent to"
    lines = [f"{number:>10,}  {word} {topic}" for topic, number in done.sent.most_common()]
    lines += [f"{number:>10,}  left out: {readable(why.encode())}" for why, number in done.left_out.most_common()]
    lines.append(f"{done.letters:>10,}  dead letters" if done.letters else "no dead letters")
    return "\n".join([*lines, *([] if applied or not done.sent else ["nothing was sent; --apply sends them"])])


def moment(ts_ns: int) -> str:
    """UTC with milliseconds."""
    second, rest = divmod(ts_ns, 1_000_000_000)
    return f"{datetime.fromtimestamp(second, UTC):%Y-%m-%dT%H:%M:%S}.{rest // 1_000_000:03}Z"
