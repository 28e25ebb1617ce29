"""The page's files and their headers."""

import re
from http import HTTPStatus
from pathlib import Path

import pytest

from gateway import page_assets
from gateway.pages import FOLDER, answer, load_pages
from runtime.errors import UserError


def test_every_file_that_the_page_names_is_served() -> None:
    pages = load_pages()
    named = set(re.findall(r'(?:src|href)="(/[^"#]*)"', (FOLDER / "index.html").read_text()))
    for path in FOLDER.glob("**/*.js"):
        beside = [path.parent / name for name in re.findall(r'from "(\.[a-z./]+\.js)"', path.read_text())]
        named |= {f"/{module.resolve().relative_to(FOLDER.resolve()).as_posix()}" for module in beside}
    assert {"/app.js", "/style.css", "/vendor/lightweight-charts.js", "/js/charts.js", "/tickerplant.js"} <= named
    assert named <= pages.keys()


def test_pages_are_strict() -> None:
    for name, page in load_pages().items():
        policy = page.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert page.headers["X-Content-Type-Options"] == "nosniff"
        assert page.headers["Cache-Control"] == ("no-store" if name in ("/", "/index.html") else "no-cache")


def test_page_has_no_inline_script_or_style() -> None:
    html = (FOLDER / "index.html").read_text()
    assert not re.search(r"<script(?![^>]*\bsrc=)", html)
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=", html)


def test_unchanged_file_is_not_sent_again() -> None:
    pages = load_pages()
    etag = pages["/app.js"].headers["ETag"]
    assert answer(pages, "/app.js?x=1", etag).status_code == HTTPStatus.NOT_MODIFIED
    assert answer(pages, "/app.js", '"other"').status_code == HTTPStatus.OK


@pytest.mark.parametrize("target", ["/nothing", "/../pages.py", "/js/", "//", "/%2e%2e/app.py", ""])
def test_nothing_else_is_served(target: str) -> None:
    assert answer(load_pages(), target, None).status_code == HTTPStatus.NOT_FOUND


def test_chart_library_comes_from_the_package_when_it_was_not_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_assets, "COPY", tmp_path / "vendor" / "lightweight-charts.js")
    installed = page_assets.chart_library()
    assert installed.parent.name == "js"
    assert page_assets.copy().read_bytes() == installed.read_bytes()
    assert page_assets.chart_library() == page_assets.COPY


def test_missing_chart_library_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_assets, "COPY", tmp_path / "none.js")
    monkeypatch.setattr(page_assets, "_IN_WHEEL", "lightweight_charts/js/none.js")
    with pytest.raises(UserError, match="make install"):
        page_assets.chart_library()
