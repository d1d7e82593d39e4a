"""Whatever fails inside the server: events are answered, and the log has it once, with its session."""

import asyncio
import logging
from typing import Any

import pytest
from streamops_server import BadParams, Limits, Request, Unauthorized, View, event_handler
from streamops_server.core.program import Program
from streamops_server.core.stream import Stream
from streamops_server.memory_store import MemoryStore
from streamops_server.websocket_server import WebSocketConnection


class Faulty(View):
    """Raises where it is told to."""

    template = "{{ fail() }}<p dj-stream='answer'></p>"
    where = ""

    def __init__(self) -> None:
        self.fail_at("init")

    def fail_at(self, place: str) -> None:
        if type(self).where == place:
            raise KeyError(f"a fault in {place}")

    def mount(self, request: Request, /) -> None:
        self.fail_at("mount")

    def get_context(self) -> dict[str, Any]:
        return {"fail": lambda: self.fail_at("render") or ""}

    def allows(self, event: str, caps: frozenset[str]) -> bool:
        self.fail_at("allows")
        return super().allows(event, caps)

    @event_handler
    async def say(self) -> None:
        self.fail_at("handler")
        await self.stream_text("answer", "said")

    @event_handler
    async def work(self, wait: bool) -> None:
        async def fail() -> None:
            raise KeyError("a fault in a task")

        task = self.start_task(fail())
        if wait:
            await task

    @event_handler
    async def later(self) -> None:
        async def write() -> None:
            await self.stream_text("answer", "later")

        self.start_task(write())

    @event_handler
    async def refuse(self) -> None:
        raise BadParams("Not like this")


@pytest.fixture(autouse=True)
def _whole() -> None:
    Faulty.where = ""


def once(caplog: pytest.LogCaptureFixture, session: str, *words: str) -> None:
    """The log has one record, with these words and the session's shortened id."""
    (record,) = [each for each in caplog.records if each.levelno >= logging.ERROR]
    for word in (*words, f"session {session[:8]}…"):
        assert word in record.getMessage()
    assert record.exc_info is not None
    assert session not in caplog.text


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ("init", ["Making a Faulty"]),
        ("mount", ["The mount of Faulty"]),
        ("render", ["Rendering the first view of Faulty"]),
    ],
)
def test_a_session_that_cannot_begin_is_ended_with_an_error(
    where: str, words: list[str], serve: Any, go: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async def run() -> str:
        Faulty.where = where
        async with serve(Faulty) as connect, connect() as client:
            session: str = (await client.hello("Faulty", ["view"]))["session"]
            error = await client.until("error")
            assert (error["code"], error["fatal"], error["retryable"]) == ("app_error", True, False)
            await client.socket.wait_closed()
            assert client.socket.close_code == 4500
            return session

    with caplog.at_level(logging.ERROR):
        once(caplog, go(run()), *words)


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ("allows", ["Beginning the event 'say' of Faulty"]),
        ("handler", ["A handler of Faulty"]),
        ("render", ["Rendering the final view of Faulty"]),
    ],
)
def test_an_event_is_answered_and_its_fault_logged_once(
    where: str, words: list[str], serve: Any, go: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async def run() -> str:
        async with serve(Faulty) as connect, connect() as client:
            session: str = (await client.hello("Faulty", ["view"]))["session"]
            Faulty.where = where
            assert (await client.run("say"))["error"]["code"] == "app_error"
            Faulty.where = ""
            assert (await client.run("say"))["ok"]
            return session

    with caplog.at_level(logging.ERROR):
        once(caplog, go(run()), *words)


@pytest.mark.parametrize("wait", [True, False])
def test_the_fault_of_a_task_is_logged_once_also_if_its_handler_waits(
    wait: bool, serve: Any, go: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async def run() -> str:
        async with serve(Faulty) as connect, connect() as client:
            session: str = (await client.hello("Faulty", []))["session"]
            assert (await client.run("work", wait=wait))["ok"] is not wait
            assert (await client.run("say"))["ok"]
            return session

    with caplog.at_level(logging.ERROR):
        once(caplog, go(run()), "The task", "fail of Faulty")


@pytest.mark.parametrize("place", ["mount", "handler", "task"])
def test_a_fault_at_the_end_of_an_owner_is_logged(
    place: str, serve: Any, go: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    real = Program.end
    armed: list[bool] = []

    def end(self: Program, *args: Any) -> None:
        real(self, *args)
        if armed:
            armed.clear()
            raise KeyError("a fault of the server")

    async def run() -> str:
        monkeypatch.setattr(Program, "end", end)
        async with serve(Faulty) as connect, connect() as client:
            if place == "mount":
                armed.append(True)
            session: str = (await client.hello("Faulty", []))["session"]
            if place == "mount":
                assert (await client.until("error"))["code"] == "app_error"
                return session
            if place == "handler":
                armed.append(True)
                assert not (await client.run("say"))["ok"]
            else:
                work = connect.server._host
                (runner,) = work.runners
                task_end = runner._tasks._end

                def ends(*args: Any) -> None:
                    armed.append(True)
                    task_end(*args)

                runner._tasks._end = ends
                assert (await client.run("later"))["ok"]
            assert (await client.run("say"))["ok"]
            return session

    with caplog.at_level(logging.ERROR):
        once(caplog, go(run()), "Ending the runs of", "Faulty")


def test_a_refusal_of_the_program_is_logged_with_its_view_too(
    serve: Any, go: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async def run() -> str:
        async with serve(Faulty) as connect, connect() as client:
            session: str = (await client.hello("Faulty", []))["session"]
            assert (await client.run("refuse"))["error"] == {"code": "bad_params", "error": "Not like this"}
            return session

    with caplog.at_level(logging.ERROR):
        once(caplog, go(run()), "A handler of Faulty")


@pytest.mark.parametrize("control", ["pong", "reply"])
def test_a_frame_that_cannot_be_made_ends_the_session_and_loses_no_control_frame(
    control: str, serve: Any, go: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def frame(*args: Any, **kwargs: Any) -> None:
        raise KeyError("a fault of the server")

    async def run() -> str:
        async with serve(Faulty, limits=Limits(max_events=1)) as connect, connect() as client:
            session: str = (await client.hello("Faulty", []))["session"]
            monkeypatch.setattr(Stream, "frame", frame)
            await client.start("say")
            if control == "pong":
                await client.send({"type": "ping"})
            else:
                await client.start("say")  # refused at once, since one event may be unanswered
            await client.until(control)
            error = await client.until("error")
            assert (error["code"], error["fatal"], error["retryable"]) == ("internal", True, True)
            await client.socket.wait_closed()
            assert client.socket.close_code == 4500
            return session

    with caplog.at_level(logging.ERROR):
        once(caplog, go(run()), "Sending frames raised")


def test_a_message_that_the_server_fails_on_ends_that_session_only(
    serve: Any, go: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def owner_of(*args: Any) -> None:
        raise KeyError("a fault of the server")

    async def run() -> str:
        async with serve(Faulty) as connect, connect() as client, connect() as other:
            session: str = (await client.hello("Faulty", []))["session"]
            await other.hello("Faulty", [])
            monkeypatch.setattr(Program, "owner_of", owner_of)
            await client.send({"type": "cancel", "stream": "answer", "run": 1})
            assert (await client.until("error"))["code"] == "internal"
            assert (await other.run("say"))["ok"]
            return session

    with caplog.at_level(logging.ERROR):
        once(caplog, go(run()), "Taking a message of the client raised")


@pytest.mark.parametrize("method", ["add", "detached", "remove"])
def test_a_store_that_fails_takes_no_server_with_it(
    method: str, serve: Any, go: Any, caplog: pytest.LogCaptureFixture
) -> None:
    class Store(MemoryStore):
        pass

    def fail(self: Store, session: Any) -> None:
        raise OSError("the store is away")

    setattr(Store, method, fail)

    async def run() -> None:
        async with serve(Faulty, sessions=Store(Limits())) as connect:
            async with connect() as client:
                await client.hello("Faulty", ["resume"])
                if method == "add":
                    assert (await client.until("error"))["code"] == "internal"
                elif method == "detached":
                    client.socket.transport.abort()
                else:
                    await client.socket.close(1000)
            async with connect() as client:
                await client.hello("Faulty", [])
                assert (await client.run("say"))["ok"]

    with caplog.at_level(logging.ERROR):
        go(run())
    assert [record for record in caplog.records if isinstance((record.exc_info or (0, 0))[1], OSError)]
    assert {record.name for record in caplog.records} == {"streamops_server"}


@pytest.mark.parametrize("asynchronous", [True, False])
@pytest.mark.parametrize(
    ("error", "code", "close"),
    [
        (Unauthorized("Sign in"), "unauthorized", 4401),
        (OSError("the users are away"), "internal", 4500),
        (asyncio.CancelledError(), "internal", 4500),
    ],
)
def test_nobody_gets_in_whom_authenticate_did_not_name(
    error: BaseException, code: str, close: int, asynchronous: bool, serve: Any, go: Any
) -> None:
    def authenticate(request: Request) -> Any:
        async def later() -> str:
            raise error

        if asynchronous:
            return later()
        raise error

    async def run() -> None:
        async with serve(Faulty, authenticate=authenticate) as connect, connect() as client:
            await client.send({"type": "hello", "caps": [], "limits": {}})
            found = await client.receive()
            assert (found["type"], found["code"]) == ("error", code)
            await client.socket.wait_closed()
            assert client.socket.close_code == close

    go(run())


def test_a_transport_that_fails_is_logged_with_its_session(
    serve: Any, go: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    real = WebSocketConnection.write_frames
    armed: list[bool] = []

    def write_frames(self: WebSocketConnection, frames: list[bytes]) -> None:
        if armed and any(b'"reply"' in frame for frame in frames):
            armed.clear()
            raise OSError("the transport is away")
        real(self, frames)

    async def run() -> str:
        monkeypatch.setattr(WebSocketConnection, "write_frames", write_frames)
        async with serve(Faulty) as connect, connect() as client:
            session: str = (await client.hello("Faulty", []))["session"]
            armed.append(True)
            await client.start("later")
            await client.socket.wait_closed()
            assert client.socket.close_code == 1011
            return session

    with caplog.at_level(logging.ERROR):
        once(caplog, go(run()), "The transport raised")
