"""The fault proxy on sockets, and its command line."""

import asyncio
import re
import signal
import socket
import subprocess
import sys

import pytest
from streamops_conformance.proxy.faults import Cut, Lane, Plan, Point, Stall
from streamops_conformance.proxy.shell import FaultProxy, Tap, TargetError

SENT = bytes(range(256)) * 40


class Echo:
    """A server that sends back the bytes that it gets, and END after the end of the client."""

    def __init__(self, *, reads=True):
        self.reads = reads
        self.got = b""
        self.reset = 0
        self.go_on = asyncio.Event()

    async def __aenter__(self):
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"ws://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/x?y"
        return self

    async def __aexit__(self, *_):
        self._server.close()

    async def _serve(self, reader, writer):
        try:
            if not self.reads:
                await self.go_on.wait()
            while data := await reader.read(1 << 16):
                self.got += data
                writer.write(data)
                await writer.drain()
            writer.write(b"END")
            await writer.drain()
        except ConnectionError:
            self.reset += 1
        finally:
            writer.close()


async def say(proxy, data=SENT, *, end=True):
    """Send data and the end, and read to the end: the received bytes, and whether the end was a reset."""
    port = int(re.search(r":(\d+)/", proxy.url)[1])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    got, reset = b"", False

    async def send():
        try:
            writer.write(data)
            await writer.drain()
            if end:
                writer.write_eof()
        except ConnectionError:
            pass

    sending = asyncio.create_task(send())
    try:
        while piece := await reader.read(1 << 16):
            got += piece
    except ConnectionError:
        reset = True
    await sending
    writer.close()
    return got, reset


def run(coroutine):
    async def limited():
        async with asyncio.timeout(60):
            await coroutine

    asyncio.run(limited())


async def until(so):
    """Wait until a condition holds that has no event."""
    while not so():  # noqa: ASYNC110  # reason: the condition has no event
        await asyncio.sleep(0.01)


SMALL = Lane(fragment=(1, 300))
WHOLE = {
    "no fault": Plan(),
    "fragments": Plan(SMALL, SMALL),
    "delay": Plan(Lane(delay=0.05), Lane(delay=0.05)),
    "throttle": Plan(down=Lane(rate=100_000)),
    "stalls": Plan(stalls=(Stall(Point(bytes=1000, every=True), 0.01),)),
    "all of them": Plan(
        Lane(0.01, 200_000, (1, 500)), Lane(0.01, 200_000, (1, 500)), stalls=(Stall(Point(bytes=5000), 0.05),)
    ),
}


@pytest.mark.parametrize("name", WHOLE)
def test_everything_arrives_and_each_direction_ends_by_itself(name):
    async def test():
        async with Echo() as echo, FaultProxy(echo.url, [WHOLE[name]]) as proxy:
            assert await say(proxy) == (SENT + b"END", False)
            assert await say(proxy) == (SENT + b"END", False)  # The second connection has no plan.

    run(test())


@pytest.mark.parametrize("at", [0, 1, 4000, len(SENT)])
def test_a_fin_is_at_exactly_its_byte(at):
    async def test():
        plan = Plan(cuts=(Cut(Point(bytes=at, watched=("down",)), "fin"),))
        async with Echo() as echo, FaultProxy(echo.url, [plan]) as proxy:
            assert await say(proxy) == (SENT[:at], False)
            assert [each.said for each in proxy.happened] == ["opened", f"cut after {at:,} bytes down (FIN)"]

    run(test())


def test_a_reset_reaches_both_sides():
    async def test():
        plan = Plan(cuts=(Cut(Point(bytes=4000, watched=("up",))),))
        async with Echo() as echo, FaultProxy(echo.url, [plan]) as proxy:
            got, reset = await say(proxy)
            assert reset
            assert SENT[:4000].startswith(got)
            await until(lambda: echo.reset)
            assert SENT[:4000].startswith(echo.got)

    run(test())


def test_a_server_that_does_not_read_makes_the_client_wait():
    """The buffers of the proxy are bounded, so most of the data must stay with the sender."""

    async def test():
        total = 64 << 20
        async with Echo(reads=False) as echo, FaultProxy(echo.url) as proxy:
            port = int(re.search(r":(\d+)/", proxy.url)[1])
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            sending = asyncio.create_task(_fill(writer, total))
            sent = -1
            while sent != _fill.sent:  # Until the socket takes no more bytes.
                sent = _fill.sent
                await asyncio.sleep(0.5)
            assert sent < total / 2
            assert not sending.done()
            sending.cancel()
            echo.go_on.set()
            writer.transport.abort()

    run(test())


async def _fill(writer, total):
    _fill.sent = 0
    while _fill.sent < total:
        writer.write(bytes(1 << 16))
        await writer.drain()
        _fill.sent += 1 << 16


_fill.sent = 0


def test_many_connections_have_their_own_plans_and_no_task_is_left():
    class Count(Tap):
        def __init__(self):
            self.open = 0
            self.bytes = 0

        def opened(self, connection, seconds):
            self.open += 1

        def passed(self, connection, way, data, seconds):
            self.bytes += len(data)

        def closed(self, connection, seconds, how):
            self.open -= 1

    async def test():
        tap = Count()
        cut = Plan(cuts=(Cut(Point(bytes=100, watched=("down",)), "fin"),))
        before = len(asyncio.all_tasks())
        async with Echo() as echo:
            async with FaultProxy(echo.url, lambda n: cut if n % 2 else Plan(), tap=tap) as proxy:
                found = await asyncio.gather(*(say(proxy) for _ in range(40)))
                assert sorted({len(got) for got, _ in found}) == [100, len(SENT) + 3]
                stuck = await asyncio.open_connection("127.0.0.1", int(re.search(r":(\d+)/", proxy.url)[1]))
                await until(lambda: tap.open)
            assert tap.open == 0
            assert tap.bytes > 20 * 2 * len(SENT)
            with pytest.raises(ConnectionError):
                await stuck[0].readexactly(1)
            stuck[1].close()
        await asyncio.sleep(0.1)
        assert len(asyncio.all_tasks()) <= before + 1

    run(test())


def test_a_connection_that_stalls_for_ever_ends_with_the_proxy():
    async def test():
        plan = Plan(stalls=(Stall(Point(bytes=0)),))
        async with Echo() as echo:
            async with FaultProxy(echo.url, [plan]) as proxy:
                saying = asyncio.create_task(say(proxy))
                await until(lambda: len(proxy.happened) >= 2)
                assert not saying.done()
            assert await saying == (b"", True)
            assert echo.got == b""

    run(test())


def test_an_unreachable_target_is_reported():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

    async def test():
        async with FaultProxy(f"ws://127.0.0.1:{port}/") as proxy:
            assert (await say(proxy, b""))[0] == b""
            await until(lambda: len(proxy.happened) >= 2)
            assert "cannot be reached" in proxy.happened[1].said

    run(test())


@pytest.mark.parametrize("target", ["wss://x/", "127.0.0.1:80", "ws:///x", "ws://x:port/"])
def test_a_malformed_target_is_refused(target):
    with pytest.raises(TargetError, match=r"ws://|Port"):
        FaultProxy(target)


# The command

PROXY = [sys.executable, "-m", "streamops_conformance", "proxy"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["127.0.0.1:0", "ws://x/", "--fault", "drop:1"],
            "'drop:1' is not a fault; there are cut:after=4000",
        ),
        (["127.0.0.1:0", "ws://x/", "--fault", "cut:after=soon"], "'soon' is not an amount"),
        (["127.0.0.1", "ws://x/"], "where to listen is HOST:PORT"),
        (["127.0.0.1:0", "wss://x/"], "a target is ws://HOST:PORT/PATH"),
        (["192.0.2.1:9", "ws://x/"], "cannot listen on 192.0.2.1:9"),
        (
            ["127.0.0.1:0", "ws://x/", "--record", "/no/such/folder/x"],
            "--record /no/such/folder/x: No such file",
        ),
    ],
)
def test_wrong_usage_is_explained(arguments, message):
    done = subprocess.run([*PROXY, *arguments], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_the_command_prints_what_it_does_and_ends_on_a_signal():
    async def test():
        async with Echo() as echo:
            command = [*PROXY, "127.0.0.1:0", echo.url, "--fault", "down:cut:after=4000,end=fin"]
            process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
            first = (await process.stdout.readline()).decode()
            assert f"-> {echo.url}" in first

            class At:
                url = first.split()[0]

            assert (await say(At))[0] == SENT[:4000]
            assert (await say(At))[0] == SENT + b"END"
            out = [await process.stdout.readline() for _ in range(4)]  # before the signal, which ends it all
            process.send_signal(signal.SIGINT)
            out += (await process.communicate())[0].splitlines()
            lines = [re.sub(r"^ *[\d.]+ s +", "", line.decode().rstrip()) for line in out]
            assert lines == [
                "connection 1 opened",
                "connection 1 cut after 4,000 bytes down (FIN)",
                "connection 2 opened",
                "connection 2 closed by the client",
            ]
            assert process.returncode == 0

    run(test())
