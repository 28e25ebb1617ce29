"""Dead letters of the stages that an import caused."""

from collections.abc import Collection, Mapping

import msgspec

from runtime.settings import KafkaSettings
from schemas.dead_letters import DeadLetter
from tickerplant.dead_letters.reader import open_letters
from tickerplant.importing.findings import Findings
from tickerplant.importing.send import PROCESS


class _Named(msgspec.Struct):
    source: str = ""


def ends(kafka: KafkaSettings, bootstrap: str) -> dict[int, int]:
    """Where the topic ends now. Blocks; raises UserError if the broker does not answer."""
    with open_letters(kafka, bootstrap) as letters:
        return letters.ends()


def take(kafka: KafkaSettings, bootstrap: str, since: Mapping[int, int], sources: Collection[str], findings: Findings) -> None:
    """Puts what was refused of these sources since then into findings. Blocks; raises UserError. Rows that never became an event are there already."""
    with open_letters(kafka, bootstrap) as letters:
        for stored in letters.since(since):
            letter = stored.letter
            if letter is not None and letter.stage != PROCESS and _source_of(letter) in sources:
                findings.refuse(letter.reason, f"{letter.error}: {letter.payload.decode(errors='replace')}")


def _source_of(letter: DeadLetter) -> str:
    """A record that is refused whole has it only in its bytes."""
    if letter.source:
        return letter.source
    try:
        return msgspec.json.decode(letter.payload, type=_Named).source
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""
