"""What every test of faults uses: the suite's entry points, and processes that serve one fault after another.

The suite is imported here and in no other file of the fault tests.
"""

import asyncio
import atexit
import json
import queue
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, Self

from streamops_conformance.engine.engine import Engine, Plan, run
from streamops_conformance.engine.events import Report
from streamops_conformance.mutate.language import Mutation, Mutations
from streamops_conformance.mutate.relay import Relay
from streamops_conformance.target.config import Start, Target
from streamops_conformance.target.process import Running
from streamops_conformance.testee.command import TesteeCommand
from streamops_conformance.v0.client.checks import CLIENT as CLIENT_V0
from streamops_conformance.v0.client.dialect import ClientDialect as ClientDialectV0
from streamops_conformance.v1.client.checks import CLIENT
from streamops_conformance.v1.client.dialect import ClientDialect
from streamops_conformance.v1.client.generate.exchanges import exchanges
from streamops_conformance.v1.server.checks import SERVER
from streamops_conformance.v1.server.dialect import ServerDialect
from streamops_spec import load_requirements

__all__ = [  # for the tests
    "CLIENT",
    "CLIENT_V0",
    "HAND_WRITTEN",
    "SERVER",
    "ClientDialect",
    "ClientDialectV0",
    "Engine",
    "Plan",
    "Report",
    "Running",
    "ServerDialect",
    "Start",
    "Target",
    "TesteeCommand",
    "run",
]

HAND_WRITTEN = len(exchanges(frozenset({"html", "view", "ack", "resume"})))
"""How many exchanges a client with every capability is shown before anything is drawn."""
HERE = Path(__file__).parent
FAULTY_TESTEE = ("node", str(HERE / "faulty_testee.mjs"))


# What a verdict has to be


def broken(report: Report, verdict: str) -> dict[str, list[str]]:
    """The ids with that verdict, each with its evidence, which a failing test shows."""
    return {
        result.requirement.id: [
            f"expected {each.expected[:600]}, observed {each.observed[:600]}, script {each.script}"
            for each in result.failures
        ]
        for result in report.results
        if result.verdict == verdict
    }


def assert_breaks(report: Report, breaks: str, *, spec: str, warns: frozenset[str] = frozenset()) -> None:
    """The report fails `breaks`, or warns of it if it is a SHOULD, and otherwise warns of `warns` only."""
    must = load_requirements(spec)[breaks].keyword == "MUST"
    fails, warned = broken(report, "fail"), broken(report, "warn")
    assert set(fails) == ({breaks} if must else set()), fails
    assert set(warned) == warns | (set() if must else {breaks}), warned


# Clients: one process of node for all faults of a worker


@cache
def client_faults(dialect: str) -> dict[str, dict[str, str]]:
    """Name → what it breaks, from the table; fails where a fault no longer fits the client's source."""
    tables: dict[str, dict[str, dict[str, str]]] = json.loads(
        subprocess.check_output(FAULTY_TESTEE, timeout=60)
    )
    return tables[dialect]


def undefined_names() -> dict[str, list[str]]:
    """Faults of the source whose code uses names that nothing defines → what ESLint says of each."""
    found: dict[str, list[str]] = json.loads(
        subprocess.check_output(("node", str(HERE / "undefined_names.mjs")), timeout=60)
    )
    return found


class Host:
    """A process that takes one order after another as lines, and prints a line when each is over."""

    def __init__(self, command: tuple[str, ...]) -> None:
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.lines: queue.Queue[str] = queue.Queue()
        self.said: list[str] = []
        threading.Thread(target=self._listen, daemon=True).start()
        atexit.register(self.end)

    def order(self, **members: Any) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(members) + "\n")
        self._process.stdin.flush()

    def ended(self) -> int | None:
        return self._process.poll()

    def end(self) -> None:
        """Close its input, which is the sign to end; kill it if it does not."""
        if self._process.stdin is not None and not self._process.stdin.closed:
            self._process.stdin.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def wait_for(self, word: str, seconds: float) -> str:
        """The next line that begins with that word; fails without one."""
        while True:
            try:
                line = self.lines.get(timeout=seconds)
            except queue.Empty:
                raise AssertionError(f"no line {word!r} in {seconds:g} s:\n{self.last_words()}") from None
            if line.startswith(word):
                return line

    def last_words(self) -> str:
        return "\n".join(self.said[-40:])

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.said.append(line.rstrip())
            self.lines.put(line.rstrip())


class QuickDialect(ClientDialect):
    """For pages of a process that runs already: they come all at once."""

    gather = 0.2


class QuickDialectV0(ClientDialectV0):
    """As above."""

    gather = 0.2


@cache
def jsdom() -> Host:
    return Host((*FAULTY_TESTEE, "--host"))


class HostedTestee:
    """A client with a fault on pages of the shared process. `TesteeCommand` starts a process of its own."""

    declared: frozenset[str] | None = None

    def __init__(self, fault: str, *, v0: bool = False) -> None:
        self.name = fault
        self.command = f"faulty_testee.mjs {fault}"
        self.url = ""
        self._order: dict[str, Any] = {"fault": fault, "v0": v0}

    def start(self, url: str) -> None:
        self.url = url
        jsdom().order(control=url, **self._order)

    def ended(self) -> int | None:
        return jsdom().ended()

    def end(self) -> None:
        assert jsdom().wait_for("over", 30) == "over"

    def last_words(self) -> str:
        return jsdom().last_words()


class MutatedTestee(HostedTestee):
    """The client as it is, behind a relay that mutates what it sends, gets and reports."""

    def __init__(self, name: str, relay: Relay, *, reports: bool, v0: bool) -> None:
        super().__init__("", v0=v0)
        self.name = name
        self._relay = relay
        self._reports = reports

    def start(self, url: str) -> None:
        self._relay.upstream = url
        if self._reports:
            super().start(self._relay.url("/control"))
        else:  # only the clients come through the relay: reports are large
            self._order["via"] = self._relay.address
            super().start(url)


def client_mutated(
    name: str, mutations: tuple[Mutations, ...], dialect: Any, plan: Plan, *, v0: bool = False
) -> Report:
    """The report of a plan against the client with these mutations."""

    reports = any(isinstance(each, Mutation) and each.where.channel == "control" for each in mutations)

    async def behind_a_relay() -> Report:
        async with Relay(mutations, control="/control") as relay:
            testee = MutatedTestee(name, relay, reports=reports, v0=v0)
            return await Engine(dialect(testee), plan, lambda _: None).run()

    return asyncio.run(behind_a_relay())


# Servers: one process for all faults of a worker, which forks for each


@cache
def server_host() -> Host:
    return Host((sys.executable, str(HERE / "faulty_server.py"), "--host"))


class HostedServer(Running):
    """The reference server with a fault, in a fork of the shared process; without a name, as it is."""

    def __init__(self, fault: str, *options: str, host: Callable[[], Host] = server_host) -> None:
        words = (fault, "--conformance", "--port", "{port}", *options)
        command = (sys.executable, str(HERE / "faulty_server.py"), *words)
        start = Start(command, ready="ready", timeout=60, folder=HERE)
        headers = {"Authorization": "Bearer other"}
        super().__init__(Target(fault, "ws://127.0.0.1:{port}/", start=start, other_headers=headers))
        self._words = words
        self._host = host

    def __enter__(self) -> Self:
        port = str(free_port())
        self.url = self.target.url.replace("{port}", port)
        self._host().order(args=[word.replace("{port}", port) for word in self._words])
        self._host().wait_for("ready", 60)
        return self

    def __exit__(self, *_: object) -> None:
        self._host().order(stop=True)
        self._host().wait_for("over", 30)


class PlainServer:
    """The reference server as it is, on one port for all faults of a worker."""

    def __init__(self, *options: str) -> None:
        self.host = Host((sys.executable, str(HERE / "faulty_server.py"), "--host"))
        self.running = HostedServer("", *options, host=lambda: self.host)
        self.running.__enter__()


@cache
def plain_server(*options: str) -> PlainServer:
    return PlainServer(*options)


def mutated(name: str, mutations: tuple[Mutations, ...], plan: Plan, *options: str) -> Report:
    """The report of a plan against the shared server, whose wire has these mutations."""

    async def behind_a_relay() -> Report:
        running = plain_server(*options).running
        async with Relay(mutations, running.url) as relay:
            words = (
                sys.executable,
                str(HERE / "faulty_server.py"),
                name,
                "--conformance",
                "--port",
                "{port}",
            )
            alone = Start((*words, *options), ready="ready", timeout=60, folder=HERE)
            behind = Running(replace(running.target, name=name, start=alone))
            behind.url = relay.url()
            return await Engine(ServerDialect(behind), plan, lambda _: None).run()

    return asyncio.run(behind_a_relay())


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
