"""Messages between the views of a server: who gets them, who owns what they open, and who is not held up."""

import asyncio
import logging
import threading
from typing import Any

import pytest
from streamops_server import Limits, View, event_handler
from streamops_server.inbox import Inbox
from streamops_server.memory_topics import MemoryTopics

CAPS = ["view", "html"]


class Room(View):
    """A chat room whose members say something to all, to the others, or to one by name."""

    template = '<p>{{ said }}</p><p dj-stream="chat"></p><p dj-stream="own"></p>'

    def mount(self, request: Any, /, name: str = "") -> None:
        self.name = name
        self.said = ""
        self.go_on = asyncio.Event()
        self.subscribe("room")
        self.subscribe(f"user:{name}")

    @event_handler
    async def say(self, text: str, to_self: bool = True) -> None:
        await self.broadcast("room", text, to_self=to_self)

    @event_handler
    async def whisper(self, to: str, text: str) -> None:
        await self.broadcast(f"user:{to}", text)

    @event_handler
    async def answer(self, words: int) -> None:
        """Stream to all while another handler of this session writes too."""
        for number in range(words):
            await self.broadcast("room", f"{number} ")
            await self.stream_text("own", f"{number} ")

    @event_handler
    async def leave(self) -> None:
        self.unsubscribe("room")

    @event_handler
    async def later(self) -> None:
        async def write() -> None:
            await self.broadcast("room", "from a task")

        self.start_task(write())

    @event_handler
    async def blocking(self) -> None:
        def work() -> None:
            for number in range(3):
                self.call_from_thread(self.broadcast, "room", f"{number} ")

        await self.run_blocking(work)

    async def handle_message(self, topic: str, message: Any) -> None:
        if message == f"raise {self.name}":
            raise KeyError("a member that errs")
        if message == f"wait {self.name}":
            await self.go_on.wait()
        self.said = message
        await self.stream_text("chat", f"{message}\n")


async def texts(client: Any, count: int) -> None:
    """Wait for `count` runs of the chat to end."""
    while sum(op["op"] == "done" for op in client.ops("chat")) < count:
        await client.receive()


def test_a_message_reaches_every_member_and_belongs_to_each_of_them(serve: Any, go: Any) -> None:
    async def run() -> None:
        async with serve(Room) as connect, connect() as ada, connect() as bob:
            await ada.hello("Room", CAPS, name="ada")
            await bob.hello("Room", CAPS, name="bob")
            assert (await ada.run("say", text="hello"))["ok"]
            for client in (ada, bob):
                await texts(client, 1)
                assert [op["op"] for op in client.ops("chat")] == ["start", "text", "done"]
                while "<p>hello</p>" not in [f for f in client.frames if f["type"] == "view"][-1]["html"]:
                    await client.receive()  # the view of the message's end

    go(run())


def test_a_whisper_reaches_one_member_only(serve: Any, go: Any) -> None:
    async def run() -> None:
        async with serve(Room) as connect, connect() as ada, connect() as bob, connect() as cy:
            for name, client in {"ada": ada, "bob": bob, "cy": cy}.items():
                await client.hello("Room", CAPS, name=name)
            for number in range(40):  # more than the events that may be unanswered
                assert (await ada.run("whisper", to="bob", text=str(number)))["ok"]
            assert (await ada.run("say", text="end"))["ok"]
            await texts(bob, 41)
            assert bob.text("chat") == "".join(f"{number}\n" for number in range(40)) + "end\n"
            for client in (ada, cy):
                await texts(client, 1)
                assert client.text("chat") == "end\n"

    go(run())


def test_the_speaker_may_leave_itself_out(serve: Any, go: Any) -> None:
    async def run() -> None:
        async with serve(Room) as connect, connect() as ada, connect() as bob:
            await ada.hello("Room", CAPS, name="ada")
            await bob.hello("Room", CAPS, name="bob")
            assert (await ada.run("say", text="to you", to_self=False))["ok"]
            assert (await bob.run("say", text="to all"))["ok"]
            await texts(ada, 1)
            assert ada.text("chat") == "to all\n"

    go(run())


@pytest.mark.parametrize("how", ["unsubscribes", "closes", "is cut"])
def test_a_member_may_leave_while_another_one_speaks(how: str, serve: Any, go: Any) -> None:
    async def run() -> None:
        async with serve(Room) as connect, connect() as ada, connect() as bob:
            await ada.hello("Room", CAPS, name="ada")
            await bob.hello("Room", CAPS, name="bob")
            async with connect() as cy:
                await cy.hello("Room", CAPS, name="cy")
                ref = await ada.start("answer", words=60)
                if how == "unsubscribes":
                    assert (await cy.run("leave"))["ok"]
                elif how == "closes":
                    await cy.socket.close(1000)
                else:
                    cy.socket.transport.abort()
                while (await ada.until("reply"))["ref"] != ref:
                    pass
                for client in (ada, bob):
                    await texts(client, 60)
                    assert client.text("chat") == "".join(f"{number} \n" for number in range(60))
                assert ada.text("own") == "".join(f"{number} " for number in range(60))
                if how == "unsubscribes":
                    assert (await ada.run("say", text="is cy there"))["ok"]
                    await texts(bob, 61)
                    assert (await cy.run("say", text="no"))["ok"]
                    assert "is cy there" not in cy.text("chat")

    go(run())


def test_a_member_whose_handler_raises_harms_nobody(
    serve: Any, go: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async def run() -> str:
        async with serve(Room) as connect, connect() as ada, connect() as bob:
            await ada.hello("Room", CAPS, name="ada")
            session: str = (await bob.hello("Room", CAPS, name="bob"))["session"]
            assert (await ada.run("say", text="raise bob"))["ok"]
            assert (await ada.run("say", text="after"))["ok"]
            await texts(ada, 2)
            assert ada.text("chat") == "raise bob\nafter\n"
            await texts(bob, 1)
            assert bob.text("chat") == "after\n"
            return session

    with caplog.at_level(logging.ERROR):
        session = go(run())
    (record,) = caplog.records
    assert record.getMessage() == f"handle_message of Room raised, in session {session[:8]}…"
    assert session not in caplog.text


def test_a_slow_member_holds_nobody_up_and_gets_everything_in_order(serve: Any, go: Any) -> None:
    async def run() -> None:
        async with serve(Room) as connect, connect() as ada, connect() as bob:
            await ada.hello("Room", CAPS, name="ada")
            await bob.hello("Room", CAPS, name="bob")
            slow = next(r for r in connect.server._host.runners if r.view_runner.view.name == "bob")
            for text in ("wait bob", "second", "third"):
                assert (await ada.run("say", text=text))["ok"]
            await texts(ada, 3)
            assert bob.text("chat") == ""
            slow.view_runner.view.go_on.set()
            await texts(bob, 3)
            assert bob.text("chat") == "wait bob\nsecond\nthird\n"

    go(run())


def test_a_member_that_has_fallen_behind_is_told_to_come_back(
    serve: Any, go: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async def run() -> None:
        limits = Limits(max_inbox=3)
        async with serve(Room, limits=limits) as connect, connect() as ada, connect() as bob:
            await ada.hello("Room", CAPS, name="ada")
            welcome = await bob.hello("Room", [*CAPS, "resume"], name="bob")
            for number in range(6):
                assert (await ada.run("say", text="wait bob" if number == 0 else str(number)))["ok"]
            error = await bob.until("error")
            assert (error["code"], error["retryable"]) == ("overflow", True)
            await texts(ada, 6)
            # a session that lacks a message is not continued
            async with connect() as again:
                resume = {"session": welcome["session"], "cursors": {}}
                hello = {
                    "caps": [*CAPS, "resume"],
                    "limits": {},
                    "view": {"name": "Room", "params": {"name": "bob"}},
                }
                await again.send({"type": "hello", **hello, "resume": resume})
                assert (await again.receive())["session"] != welcome["session"]

    with caplog.at_level(logging.WARNING):
        go(run())
    assert "has 3 messages of topics waiting" in caplog.text


@pytest.mark.parametrize("event", ["later", "blocking"])
def test_a_task_and_a_thread_of_a_view_may_broadcast(event: str, serve: Any, go: Any) -> None:
    async def run() -> None:
        async with serve(Room) as connect, connect() as ada, connect() as bob:
            await ada.hello("Room", CAPS, name="ada")
            await bob.hello("Room", CAPS, name="bob")
            assert (await ada.run(event))["ok"]
            await texts(bob, 1 if event == "later" else 3)
            assert bob.text("chat") == ("from a task\n" if event == "later" else "0 \n1 \n2 \n")

    go(run())


def test_the_program_around_the_server_may_broadcast_from_a_task_and_a_thread(serve: Any, go: Any) -> None:
    async def run() -> None:
        async with serve(Room) as connect, connect() as ada:
            await ada.hello("Room", CAPS, name="ada")
            await connect.server.broadcast("room", "a task")
            thread = threading.Thread(target=connect.server.broadcast_from_thread, args=("room", "a thread"))
            thread.start()
            await texts(ada, 2)
            await asyncio.to_thread(thread.join)
            assert ada.text("chat") == "a task\na thread\n"
            with pytest.raises(RuntimeError, match=r"await server\.broadcast"):
                connect.server.broadcast_from_thread("room", "the loop's own thread")

    go(run())


class Together(View):
    """One answer for all who watch: its tokens are one run in each session."""

    def mount(self, request: Any, /) -> None:
        self.start_task(self.show())

    async def show(self) -> None:
        async for token in self.listen_to("answer"):
            if token is None:
                await self.stream_done("answer")
            elif token == "stop":
                break
            else:
                await self.stream_text("answer", token)

    @event_handler
    async def ask(self, end: str | None = None) -> None:
        for number in range(200):
            await self.broadcast("answer", f"{number} ")
        await self.broadcast("answer", end)

    @event_handler
    async def watch(self) -> None:
        first = self.listen_to("answer")
        await self.broadcast("answer", "seen")
        async for message in first:
            await self.stream_text("own", message)
            await first.aclose()  # type: ignore[attr-defined]  # reason: the type says only that it iterates


@pytest.mark.parametrize("end", [None, "stop"])
def test_the_tokens_of_one_answer_are_one_run_for_each_who_watches(
    end: str | None, serve: Any, go: Any
) -> None:
    async def run() -> None:
        async with serve(Together) as connect, connect() as ada, connect() as bob:
            for client in (ada, bob):
                await client.hello("Together", [])
            assert (await ada.run("ask", end=end))["ok"]
            for client in (ada, bob):
                while [op["op"] for op in client.ops("answer")][-1:] != ["done"]:
                    await client.receive()
                assert client.text("answer") == "".join(f"{number} " for number in range(200))
                assert sum(op["op"] == "start" for op in client.ops("answer")) == 1
            assert (await bob.run("watch"))["ok"]
            assert bob.text("own") == "seen"
        assert connect.server._topics._subscribers == {}

    go(run())


@pytest.mark.parametrize("code", [1000, None])
def test_the_subscriptions_of_a_session_end_with_it(code: int | None, serve: Any, go: Any) -> None:
    async def run() -> None:
        async with serve(Room, Together) as connect, connect() as ada, connect() as bob:
            await ada.hello("Together", [])
            await bob.hello("Room", [], name="bob")
            (host,) = {connect.server._host}
            tasks = [runner._tasks for runner in host.runners]
            for client in (ada, bob):
                await client.socket.close(code) if code else client.socket.transport.abort()
            while host.runners:  # noqa: ASYNC110  # reason: the server has no event for its last session
                await asyncio.sleep(0)
            for each in tasks:
                await each.wait(60)
            await asyncio.sleep(0)
            assert connect.server._topics._subscribers == {}

    go(run())


class Deaf(View):
    def mount(self, request: Any, /) -> None:
        self.subscribe("room")


class Foreign(View):
    others: list[View] = []  # noqa: RUF012  # reason: every member shares it, which is the point

    def mount(self, request: Any, /) -> None:
        self.others.append(self)

    async def work(self) -> None: ...

    @event_handler
    async def borrow(self) -> None:
        self.others[0].start_task(self.work())


def test_a_view_that_cannot_handle_messages_may_not_subscribe(
    serve: Any, go: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async def run() -> None:
        async with serve(Deaf) as connect, connect() as client:
            assert (await client.hello("Deaf", []))["type"] == "welcome"
            assert (await client.until("error"))["fatal"]

    with caplog.at_level(logging.ERROR):
        go(run())
    assert "give Deaf a method: async def handle_message(self, topic, message)" in caplog.text


def test_a_task_cannot_be_given_to_another_session(
    serve: Any, go: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async def run() -> None:
        Foreign.others.clear()
        async with serve(Foreign) as connect, connect() as ada, connect() as bob:
            await ada.hello("Foreign", [])
            await bob.hello("Foreign", [])
            assert not (await bob.run("borrow"))["ok"]

    with caplog.at_level(logging.ERROR):
        go(run())
    assert "self.broadcast(topic, message)" in caplog.text


@pytest.mark.parametrize("topic", [None, 1, b"room"])
def test_a_topic_is_a_text(topic: Any, go: Any) -> None:
    async def run() -> None:
        view = Room()
        view._streamops_mount(object())  # type: ignore[arg-type]  # reason: the name is refused before it is asked
        with pytest.raises(TypeError, match="A topic is a str"):
            view.subscribe(topic)
        with pytest.raises(TypeError, match="A topic is a str"):
            await view.broadcast(topic, "text")

    go(run())


def test_a_message_on_its_way_to_a_member_that_has_left_is_dropped() -> None:
    """As a store over several nodes may deliver it."""
    ran: list[Any] = []
    topics = MemoryTopics()
    inbox = Inbox(topics, 2, lambda *message: ran.append(message), lambda: None)  # type: ignore[arg-type, return-value]  # reason: a list, not a task
    inbox.subscribe("room")
    inbox.unsubscribe("room")
    inbox.open()
    inbox.deliver("room", "late")
    inbox.close()
    inbox.subscribe("room")
    asyncio.run(topics.publish("room", "later"))
    assert ran == []
    assert topics._subscribers == {}
