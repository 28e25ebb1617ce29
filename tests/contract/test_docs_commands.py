"""What the documentation tells people to type exists: commands, options, make targets, links, SQL."""

import re
import shlex
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
import pytest
import typer
from typer.testing import CliRunner

from tickerplant.cli.main import build

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`((?:tickerplant|make) [^`]+)`")
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
APP: typer.Typer = build()


def blocks(page: Path, language: str) -> list[str]:
    return [text for name, text in FENCE.findall(page.read_text()) if name == language]


def fenced(program: str) -> list[tuple[str, list[str]]]:
    """(page, words) of every command line in `sh` blocks that calls the program, environment before it left out."""
    found = []
    for page in PAGES:
        for line in "\n".join(blocks(page, "sh")).replace("\\\n", " ").splitlines():
            words = shlex.split(line, comments=True)
            while words and re.fullmatch(r"[A-Z_]+=\S*", words[0]):
                words = words[1:]
            if words and words[0] == program:
                found.append((page.relative_to(ROOT).as_posix(), words[1:]))
    return found


def inline(program: str) -> list[tuple[str, list[str]]]:
    """The same for code inside text, which may have placeholders: only the words before the first of them."""
    found = []
    for page in PAGES:
        for code in INLINE.findall(FENCE.sub("", page.read_text())):
            words = re.split(r"\s+", code)
            if words[0] == program:
                found.append((page.relative_to(ROOT).as_posix(), words[1:]))
    return found


def subcommand(words: list[str]) -> list[str]:
    """The words that name a command: at most two, before the first option, file or placeholder."""
    command: list[str] = []
    for word in words[:2]:
        if not re.fullmatch(r"[a-z][a-z-]*", word) or (command and not is_group(tuple(command))):
            break
        command.append(word)
    return command


@cache
def help_of(command: tuple[str, ...]) -> tuple[int, str]:
    result = CliRunner().invoke(APP, [*command, "--help"], env={"COLUMNS": "250", "NO_COLOR": "1", "TERM": "dumb"})
    return result.exit_code, re.sub(r"\x1b\[[0-9;]*m", "", result.output)


def is_group(command: tuple[str, ...]) -> bool:
    return "COMMAND [ARGS]" in help_of(command)[1]


def ids(cases: list[tuple[str, list[str]]]) -> list[str]:
    return [f"{page}: {' '.join(words)}" for page, words in cases]


@pytest.mark.parametrize(("page", "words"), fenced("tickerplant"), ids=ids(fenced("tickerplant")))
def test_documented_command_parses(page: str, words: list[str]) -> None:
    command = subcommand(words)
    assert command, f"{page}: no command in tickerplant {' '.join(words)}"
    code, text = help_of(tuple(command))
    assert code == 0, f"{page}: there is no `tickerplant {' '.join(command)}`"
    assert not is_group(tuple(command)), f"{page}: `tickerplant {' '.join(command)}` wants one command more"
    known = set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", text))
    unknown = [word.split("=")[0] for word in words if word.startswith("-") and word.split("=")[0] not in known]
    assert not unknown, f"{page}: tickerplant {' '.join(command)} has no {', '.join(unknown)}"


@pytest.mark.parametrize(("page", "words"), inline("tickerplant"), ids=ids(inline("tickerplant")))
def test_mentioned_command_exists(page: str, words: list[str]) -> None:
    code, text = help_of(tuple(subcommand(words)))
    assert code == 0, f"{page}: there is no `tickerplant {' '.join(words)}`"
    options = [word for word in words if re.fullmatch(r"--[a-z][a-z-]*", word)]
    assert [option for option in options if option not in text] == []


@pytest.mark.parametrize("target", sorted({words[0] for _, words in fenced("make") + inline("make")}))
def test_documented_target_exists(target: str) -> None:
    done = subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_readme_opens_with_the_two_commands() -> None:
    first = blocks(ROOT / "README.md", "sh")[0].splitlines()
    assert [line.split("#")[0].strip() for line in first] == ["make run", "make test"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    targets = [target for target in LINK.findall(FENCE.sub("", page.read_text())) if "://" not in target]
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_every_guide_is_in_the_index() -> None:
    index = (ROOT / "docs" / "README.md").read_text()
    pages = [
        path.relative_to(ROOT / "docs").as_posix() for folder in ("guides", "reference") for path in (ROOT / "docs" / folder).glob("*.md")
    ]
    assert pages
    assert [page for page in pages if f"({page})" not in index] == []


def statements() -> list[tuple[str, str]]:
    return [(page.name, statement) for page in PAGES for text in blocks(page, "sql") for statement in text.split(";") if statement.strip()]


@pytest.mark.stack
def test_documented_sql_fits_the_tables(line: Any) -> None:
    with psycopg.connect(line.settings.postgres.url.get_secret_value()) as connection:
        for page, statement in statements():
            try:
                connection.execute(f"EXPLAIN {statement}".encode())
            except psycopg.Error as error:
                pytest.fail(f"{page}: {error}")
    assert statements()
