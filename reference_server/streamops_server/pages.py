"""Serves pages over HTTP on the port of the WebSocket: a folder, and the JavaScript client at /streamops/.

Rule 1: `decide` maps a request to a file without touching the disk; only `Pages.answer` reads.
Rule 2: each name of a path has to match `_NAME`, which excludes dot files, `..`, backslashes and drives.
"""

from __future__ import annotations

import http
import mimetypes
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
"""The default Content-Security-Policy: a page uses only resources of its own server."""

CLIENT: Final = "streamops"
"""The first name of the paths to the client's files."""

_METHODS = ("GET", "HEAD")
_NAME = pattern(r"[\w-][\w.-]*")
_TEXT = "text/plain; charset=utf-8"
_types = mimetypes.MimeTypes()  # the standard library's table, without the files of the system
for _suffix, _kind in (
    (".js", "text/javascript"), (".mjs", "text/javascript"), (".ico", "image/x-icon"),
    (".map", "application/json"), (".webp", "image/webp"), (".woff2", "font/woff2"),
):  # fmt: skip
    _types.add_type(_kind, _suffix)  # what Python 3.11 lacks, or knows by an older name


class File(NamedTuple):
    """A file in the folder of the client or of the pages. It may not exist."""

    of_client: bool
    name: PurePosixPath


class Answer(NamedTuple):
    """A response. The response to a HEAD has the headers of the GET and an empty body."""

    status: http.HTTPStatus
    headers: dict[str, str]
    body: bytes


def decide(method: str, target: str) -> File | http.HTTPStatus:
    """The file that a request asks for, or the status of a request that asks for none."""
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
    """The files of a folder, `index.html` for `/`. It serves no listings and no files outside the folder.

    `csp` is the Content-Security-Policy of every response. Raises NotADirectoryError.
    """

    def __init__(self, folder: str | Path, *, csp: str = CSP) -> None:
        self._folder = Path(folder).resolve()
        self._csp = csp
        if not self._folder.is_dir():
            raise NotADirectoryError(f"{folder} is not a folder; give the folder with the pages")

    def answer(self, method: str, target: str) -> Answer:
        """The response to a request. It reads the file, so call it in a thread."""
        found = decide(method, target)
        content = self._read(found) if isinstance(found, File) else None
        if isinstance(found, File) and content is not None:
            status = http.HTTPStatus.OK
            kind = _content_type(found.name)
        else:
            status = http.HTTPStatus.NOT_FOUND if isinstance(found, File) else found
            kind = _TEXT
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
        if not path.is_relative_to(root) or not path.is_file():  # a link out of the folder
            return None
        return path.read_bytes()


def _content_type(name: PurePosixPath) -> str:
    kind = _types.guess_type(name.name.lower())[0] or "application/octet-stream"
    return f"{kind}; charset=utf-8" if kind.startswith("text/") else kind


_HELP = {
    http.HTTPStatus.NOT_FOUND: "This page does not exist; the first page is /",
    http.HTTPStatus.METHOD_NOT_ALLOWED: "Pages take GET and HEAD; a program talks to views over a WebSocket",
}


@cache
def client_folder() -> Path:
    """The folder of the JavaScript client: in a checkout beside the source, in a wheel inside the package."""
    packaged = Path(__file__).parent / "_client"
    if packaged.is_dir():
        return packaged.resolve()
    return Path(__file__).resolve().parents[2] / "js_client" / "src"
