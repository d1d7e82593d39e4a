"""Pages over plain HTTP on the port of the WebSocket: a folder, and the JavaScript client below /streamops/.

Rule 1: `decide` says what a request is for from its words alone; only `Pages.answer` touches a disk.
Rule 2: a name is what `_NAME` allows and nothing else: no dot file, no `..`, no backslash, no drive.
"""

from __future__ import annotations

import http
from functools import cache
from pathlib import Path, PurePosixPath
from re import compile as pattern
from typing import Final, NamedTuple
from urllib.parse import unquote

CSP: Final = "; ".join(
    [
        "default-src 'self'",
        "connect-src 'self'",
        "require-trusted-types-for 'script'",
        "trusted-types streamops",
        "object-src 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ]
)
"""What a page may do, unless its server says otherwise: nothing that is not this server's own."""

CLIENT: Final = "streamops"
"""The first name of the paths that lead to the client."""

_METHODS = ("GET", "HEAD")
_NAME = pattern(r"[\w-][\w.-]*")
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".mjs": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}


class File(NamedTuple):
    """A file below one of the two folders; whether it is there is another question."""

    of_client: bool
    name: PurePosixPath


class Answer(NamedTuple):
    """What goes back; a HEAD has the headers of its GET, and no body."""

    status: http.HTTPStatus
    headers: dict[str, str]
    body: bytes


def decide(method: str, target: str) -> File | http.HTTPStatus:
    """The file that a request asks for, or the status that says why there is none."""
    if method not in _METHODS:
        return http.HTTPStatus.METHOD_NOT_ALLOWED
    try:
        path = unquote(target.partition("?")[0], errors="strict")
    except UnicodeDecodeError:
        return http.HTTPStatus.NOT_FOUND
    root, *names = path.split("/")
    if names and names[-1] == "":
        names[-1] = "index.html"
    if root or not names or not all(_NAME.fullmatch(name) for name in names):
        return http.HTTPStatus.NOT_FOUND
    of_client = names[0] == CLIENT
    return File(of_client, PurePosixPath(*names[of_client:]))


class Pages:
    """The files of a folder, `index.html` for `/`; no listings, and nothing outside of it.

    `csp` is the Content-Security-Policy that goes with each. Raises NotADirectoryError.
    """

    def __init__(self, folder: str | Path, *, csp: str = CSP) -> None:
        self._folder = Path(folder).resolve()
        self._csp = csp
        if not self._folder.is_dir():
            raise NotADirectoryError(f"{folder} is no folder with pages")

    def answer(self, method: str, target: str) -> Answer:
        """The answer to a request; it reads the file, so call it in a thread."""
        found = decide(method, target)
        content = self._read(found) if isinstance(found, File) else None
        if isinstance(found, File) and content is not None:
            status = http.HTTPStatus.OK
            kind = _TYPES.get(found.name.suffix.lower(), "application/octet-stream")
        else:
            status = http.HTTPStatus.NOT_FOUND if isinstance(found, File) else found
            kind = _TYPES[".txt"]
            content = f"{status.value} {status.phrase}: {_HELP[status]}\n".encode()
        headers = {
            "Content-Type": kind,
            "Content-Length": str(len(content)),
            "Cache-Control": "no-cache",
            "Content-Security-Policy": self._csp,
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Connection": "close",
        }
        if status is http.HTTPStatus.METHOD_NOT_ALLOWED:
            headers["Allow"] = ", ".join(_METHODS)
        return Answer(status, headers, b"" if method == "HEAD" else content)

    def _read(self, file: File) -> bytes | None:
        root = client_folder() if file.of_client else self._folder
        path = root.joinpath(file.name).resolve()
        if not path.is_relative_to(root) or not path.is_file():  # a link that leads out is not there
            return None
        return path.read_bytes()


_HELP = {
    http.HTTPStatus.NOT_FOUND: "There is no such page here; the first one is at /",
    http.HTTPStatus.METHOD_NOT_ALLOWED: "Pages are only read here; a program talks to views over a WebSocket",
}


@cache
def client_folder() -> Path:
    """Where the JavaScript client stands: beside the source in a checkout, in the package in a wheel."""
    packaged = Path(__file__).parent / "_client"
    if packaged.is_dir():
        return packaged.resolve()
    return Path(__file__).resolve().parents[2] / "js_client" / "src"
