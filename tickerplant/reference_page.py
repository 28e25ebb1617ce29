"""What the pages that are made from the code have in common: their heads, and tables in Markdown."""

from collections.abc import Iterable

HEAD = "<!-- made from {source} by `python -m tickerplant.reference`; edit that file, not this one -->\n\n# {title}\n\n"


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """head: titles of the columns. rows: of as many cells."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "".join("| " + " | ".join(_cell(cell) for cell in line) + " |\n" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")
