"""Alpha Vantage's own answers. All values are text. Keys are numbered, differently in each function: only the words after the number mean anything."""

from msgspec import Struct

Texts = dict[str, str]
Series = dict[str, Texts]
"""By label, each row's values by numbered name."""


class Failure(Struct, rename={"error": "Error Message", "note": "Note", "information": "Information", "quote": "Global Quote"}):
    """What comes with status 200 instead of data."""

    error: str = ""
    note: str = ""
    information: str = ""
    quote: Texts | None = None


def named(values: Texts) -> Texts:
    """`{"5. volume": "1"}` to `{"volume": "1"}`; some functions write colons."""
    return {key.partition(". ")[2] or key.partition(": ")[2] or key: value for key, value in values.items()}
