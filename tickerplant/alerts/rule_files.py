"""Rules as a user gives them: options of one, or a JSON file of one or several."""

import json
from pathlib import Path
from typing import Any

from processors.alerts.rules import read_rule
from runtime.errors import UserError
from schemas.alerts import AnyRule


def rules_of(given: dict[str, Any], file: Path | None) -> list[AnyRule]:
    """From the options or the file. Raises UserError with one sentence."""
    if file is not None and given:
        raise UserError("--file holds whole rules: give no id and no other options with it")
    contents = _contents(file) if file else [given]
    rules = []
    for number, content in enumerate(contents):
        try:
            rules.append(read_rule(content))
        except ValueError as error:
            where = f"{file}, rule {number + 1}: " if file else ""
            raise UserError(f"{where}{error}; docs/guides/alerts.md has an example of every kind") from None
    return rules


def _contents(file: Path) -> list[Any]:
    try:
        content = json.loads(file.read_text())
    except OSError as error:
        raise UserError(f"{file} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise UserError(f"{file} is no JSON: {error}") from None
    contents = content if isinstance(content, list) else [content]
    if not contents:
        raise UserError(f"{file} holds no rule")
    return contents
