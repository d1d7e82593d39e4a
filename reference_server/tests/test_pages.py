"""Pages on the port of the WebSocket: what a request is for, what it gets, and what it never gets."""

import asyncio
import http.client
from http import HTTPStatus
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
from streamops_server import Pages, View, pages
from streamops_server.pages import CSP, File, client_folder, decide

MISSING = HTTPStatus.NOT_FOUND


@pytest.mark.parametrize(
    ("target", "file"),
    [
        ("/", File(False, PurePosixPath("index.html"))),
        ("/?a=/../b", File(False, PurePosixPath("index.html"))),
        ("/a/b.css", File(False, PurePosixPath("a/b.css"))),
        ("/a/", File(False, PurePosixPath("a/index.html"))),
        ("/caf%C3%A9.html", File(False, PurePosixPath("café.html"))),
        ("/streamops/auto.js?v=1", File(True, PurePosixPath("auto.js"))),
        ("/streamops/a/b.js", File(True, PurePosixPath("a/b.js"))),
        ("/streamops.html", File(False, PurePosixPath("streamops.html"))),
    ],
)
def test_a_path_names_a_file(target: str, file: File) -> None:
    assert decide("GET", target) == decide("HEAD", target) == file


@pytest.mark.parametrize(
    "target",
    [
        "", "*", "index.html", "//", "//elsewhere.example/", "/a//b", "http://elsewhere.example/",
        "/..", "/../x", "/a/../../x", "/%2e%2e/x", "/..%2fx", "/..%5cx", "/a%5c..%5cx", "/.", "/.git/config",
        "/.env", "/a/.hidden", "/%00", "/a%00.html", "/C:/x", "/c%3a", "/%ff", "/a b", "/streamops/../x",
        "/streamops/%2e%2e/x", "/%2Fetc/passwd", "/a%0d%0ab",
    ],
)  # fmt: skip
def test_a_path_that_is_no_plain_name_is_not_there(target: str) -> None:
    assert decide("GET", target) is MISSING


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "get"])
def test_pages_are_only_read(method: str) -> None:
    assert decide(method, "/") is HTTPStatus.METHOD_NOT_ALLOWED


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "secret.txt").write_text("secret", encoding="utf-8")
    inside = tmp_path / "pages"
    (inside / "sub").mkdir(parents=True)
    (inside / "index.html").write_text("<!doctype html>Hello", encoding="utf-8")
    (inside / "data.unknown").write_bytes(b"\x00\x01")
    (inside / "STYLE.CSS").write_text("p {}", encoding="utf-8")
    (inside / "out").symlink_to(tmp_path / "secret.txt")
    (inside / "streamops").mkdir()
    (inside / "streamops" / "mine.js").write_text("", encoding="utf-8")
    return inside


def test_a_file_comes_with_its_type_and_a_strict_policy(folder: Path) -> None:
    answer = Pages(folder).answer("GET", "/")
    assert (answer.status, answer.body) == (HTTPStatus.OK, b"<!doctype html>Hello")
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["Content-Length"] == "20"
    assert answer.headers["Cache-Control"] == "no-cache"
    assert answer.headers["Content-Security-Policy"] == CSP
    assert "default-src 'self'; connect-src 'self'; require-trusted-types-for 'script'" in CSP
    assert Pages(folder).answer("GET", "/STYLE.CSS").headers["Content-Type"] == "text/css; charset=utf-8"
    kind = Pages(folder).answer("GET", "/data.unknown").headers["Content-Type"]
    assert kind == "application/octet-stream"


def test_a_head_is_its_get_without_the_body(folder: Path) -> None:
    get, head = (Pages(folder).answer(method, "/") for method in ("GET", "HEAD"))
    assert (head.status, head.headers, head.body) == (get.status, get.headers, b"")


@pytest.mark.parametrize(
    "target", ["/nothing.html", "/sub", "/sub/", "/out", "/streamops/mine.js", "/../secret.txt"]
)
def test_what_is_not_there_is_said_in_words(folder: Path, target: str) -> None:
    answer = Pages(folder).answer("GET", target)
    assert answer.status is MISSING
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert answer.body == b"404 Not Found: This page does not exist; the first page is /\n"


def test_other_methods_are_told_which_there_are(folder: Path) -> None:
    answer = Pages(folder).answer("POST", "/")
    assert (answer.status, answer.headers["Allow"]) == (HTTPStatus.METHOD_NOT_ALLOWED, "GET, HEAD")
    assert b"WebSocket" in answer.body


def test_another_policy_goes_with_every_answer(folder: Path) -> None:
    mine = Pages(folder, csp="default-src 'none'")
    for target in ("/", "/nothing"):
        assert mine.answer("GET", target).headers["Content-Security-Policy"] == "default-src 'none'"


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotADirectoryError, match="nowhere is not a folder"):
        Pages(tmp_path / "nowhere")


def test_the_client_is_served_beside_the_pages(folder: Path) -> None:
    answer = Pages(folder).answer("GET", "/streamops/index.js")
    assert answer.status is HTTPStatus.OK
    assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert answer.body == (client_folder() / "index.js").read_bytes()


def test_the_client_of_a_wheel_stands_in_the_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "_client").mkdir()
    monkeypatch.setattr(pages, "__file__", str(tmp_path / "pages.py"))
    assert client_folder.__wrapped__() == tmp_path / "_client"


class Nothing(View):
    template = ""


def ask(port: int, target: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request(method, target, headers=headers)
    response = connection.getresponse()
    found = response.status, dict(response.getheaders()), response.read()
    connection.close()
    return found


def test_one_port_serves_pages_and_views(serve: Any, go: Any, folder: Path) -> None:
    (folder / "big.txt").write_bytes(b"x" * 3_000_000)

    async def whole() -> None:
        async with serve(Nothing, default=Nothing, pages=Pages(folder)) as connect:
            server = connect.server
            assert server.page_url == f"http://127.0.0.1:{server.port}/"
            status, headers, body = await asyncio.to_thread(ask, server.port, "/")
            assert (status, body) == (200, b"<!doctype html>Hello")
            assert headers["Content-Security-Policy"] == CSP
            assert len((await asyncio.to_thread(ask, server.port, "/big.txt"))[2]) == 3_000_000
            assert (await asyncio.to_thread(ask, server.port, "/", "HEAD"))[2] == b""
            assert (await asyncio.to_thread(ask, server.port, "/", "POST"))[0] == 405
            h2c = {"Connection": "Upgrade", "Upgrade": "h2c"}
            assert (await asyncio.to_thread(lambda: ask(server.port, "/", **h2c)))[0] == 200
            async with connect(origin=server.page_url.rstrip("/")) as client:
                assert (await client.hello())["type"] == "welcome"

    go(whole())


def test_without_pages_a_plain_request_is_told_what_is_missing(serve: Any, go: Any) -> None:
    async def whole() -> None:
        async with serve(Nothing) as connect:
            assert connect.server.page_url is None
            status, _, body = await asyncio.to_thread(ask, connect.server.port, "/")
            assert status == 400
            assert b"subprotocols" in body

    go(whole())
