"""The chart library of the live page. It comes inside the PyPI wheel `lightweight-charts` (TradingView's, Apache-2.0) and is never committed.

`python -m gateway.page_assets` copies it next to the page, for images that do not carry the wheel; without the copy it is taken from the wheel.
"""

import shutil
import sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from runtime.errors import UserError

COPY = Path(__file__).parent / "page" / "vendor" / "lightweight-charts.js"
_IN_WHEEL = "lightweight_charts/js/lightweight-charts.js"


def chart_library() -> Path:
    """The file to serve. Raises UserError if it is neither copied nor installed."""
    if COPY.is_file():
        return COPY
    installed = _installed()
    if installed is None:
        raise UserError("the live page's chart library is missing: run `make install`, or `pip install --no-deps -r requirements-page.txt`")
    return installed


def _installed() -> Path | None:
    """Found by its metadata: importing the package would load pandas and a window toolkit."""
    try:
        path = Path(str(distribution("lightweight-charts").locate_file(_IN_WHEEL)))
    except PackageNotFoundError:
        return None
    return path if path.is_file() else None


def copy() -> Path:
    """Copies the installed file to COPY. Raises UserError if it is not installed."""
    installed = _installed()
    if installed is None:
        raise UserError("the package lightweight-charts is not installed: run `pip install --no-deps -r requirements-page.txt`")
    COPY.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(installed, COPY)
    return COPY


if __name__ == "__main__":
    try:
        sys.stdout.write(f"{copy()}\n")
    except UserError as error:
        sys.exit(f"gateway.page_assets: {error}")
