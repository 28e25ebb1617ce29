"""The JavaScript client's tokens at moments that no real gateway can be held at: its sockets are the test's own. On a real one: test_js_client."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.support import ROOT

NODE = shutil.which("node")
pytestmark = pytest.mark.skipif(NODE is None, reason="no node on PATH; the live page's tests run the same client in Chromium")


def said(folder: Path, case: str) -> list[dict[str, Any]]:
    shutil.copyfile(ROOT / "gateway" / "page" / "tickerplant.js", folder / "tickerplant.mjs")
    shutil.copyfile(ROOT / "tests" / "js" / "tokens.mjs", folder / "tokens.mjs")
    done = subprocess.run([str(NODE), "--no-warnings", str(folder / "tokens.mjs"), case], capture_output=True, timeout=120, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_token_that_comes_early_opens_no_second_socket_and_a_closed_client_none(tmp_path: Path) -> None:
    *actions, last = said(tmp_path, "early")
    assert [(one["socket"], one["action"], one["token"]) for one in actions] == [(0, "authenticate", "ann")]
    assert last == {"sockets": 1}


def test_a_next_token_that_cannot_be_had_is_asked_for_again_while_the_last_one_counts(tmp_path: Path) -> None:
    lines = said(tmp_path, "refused")
    assert [one["token"] for one in lines if one.get("action") == "authenticate"] == ["token-1", "token-3"]
    assert [one["action"] for one in lines if one.get("id") == "s0"] == ["subscribe"]
    assert "locked" not in [one.get("state") for one in lines]
