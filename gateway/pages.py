"""The live page's files over HTTP: read once at start, served with headers that let the page load nothing from elsewhere."""

import hashlib
from http import HTTPStatus
from pathlib import Path

from websockets.datastructures import Headers
from websockets.http11 import Response

from gateway.page_assets import chart_library

FOLDER = Path(__file__).parent / "page"
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_CHART = "/vendor/lightweight-charts.js"
_STRICT = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def load_pages(folder: Path = FOLDER) -> dict[str, Response]:
    """Path to response, for every file of the page. Raises UserError if the chart library is nowhere."""
    files = {f"/{path.relative_to(folder).as_posix()}": path for path in folder.rglob("*") if path.suffix in _TYPES}
    files[_CHART] = chart_library()
    pages = {name: _response(path) for name, path in files.items()}
    pages["/"] = pages["/index.html"]
    return pages


def _response(path: Path) -> Response:
    body = path.read_bytes()
    headers = Headers(_STRICT)
    headers["Content-Type"] = _TYPES[path.suffix]
    headers["Content-Length"] = str(len(body))
    headers["Cache-Control"] = "no-store" if path.suffix == ".html" else "no-cache"
    headers["ETag"] = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers["Connection"] = "close"
    return Response(HTTPStatus.OK, "OK", headers, body)


def answer(pages: dict[str, Response], target: str, etag: str | None) -> Response:
    """The response to GET target; 304 where the browser has the file, 404 where there is none."""
    page = pages.get(target.partition("?")[0])
    if page is None:
        return refusal(HTTPStatus.NOT_FOUND, "there is a page at / and a WebSocket at /ws")
    if etag == page.headers["ETag"] and page.headers["Cache-Control"] != "no-store":
        headers = Headers({name: page.headers[name] for name in ("ETag", "Cache-Control", *_STRICT)} | {"Connection": "close"})
        return Response(HTTPStatus.NOT_MODIFIED, "Not Modified", headers, b"")
    return Response(page.status_code, page.reason_phrase, page.headers.copy(), page.body)


def refusal(status: HTTPStatus, sentence: str) -> Response:
    """A plain text answer instead of a page or a WebSocket."""
    body = f"{sentence}\n".encode()
    more = {
        "Content-Type": "text/plain; charset=utf-8",
        "Content-Length": str(len(body)),
        "Cache-Control": "no-store",
        "Connection": "close",
    }
    return Response(status, status.phrase, Headers(_STRICT | more), body)
