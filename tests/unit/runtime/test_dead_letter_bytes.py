"""A dead letter keeps the original bytes, and says when it had to cut them."""

import hashlib

from runtime.dead_letters import MAX_PAYLOAD_BYTES, dead_letter
from schemas import codec
from schemas.dead_letters import DeadLetter


def letter(payload: bytes, error: str = "no") -> DeadLetter:
    return dead_letter(
        stage="validate",
        topic="market.ticks.raw",
        partition=1,
        offset=2,
        reason="undecodable",
        error=error,
        payload=payload,
        ts_ns=3,
        headers={"trace": b"\xff"},
    )


def test_bytes_survive_the_wire() -> None:
    payload = bytes(range(256))
    assert codec.decode_dead_letter(codec.encode(letter(payload))).payload == payload


def test_large_payload_is_cut_but_counted_and_hashed() -> None:
    payload = b"x" * (MAX_PAYLOAD_BYTES + 1)
    made = letter(payload)
    assert (len(made.payload), made.size) == (MAX_PAYLOAD_BYTES, len(payload))
    assert made.sha256 == hashlib.sha256(payload).hexdigest()
    assert len(codec.encode(made)) < 1_000_000


def test_hostile_text_is_bounded() -> None:
    made = letter(b"", "e" * 10_000)
    assert len(made.error) == 500
    assert made.headers == {"trace": "�"}
