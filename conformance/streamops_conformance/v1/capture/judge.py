"""Judges captured v1 traffic by the rules of the wire, and by the program if it is known."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
from streamops_spec import default_target, load_shapes

from streamops_conformance.capture.findings import CaptureFindings, Side
from streamops_conformance.capture.model import Capture, Connection
from streamops_conformance.capture.text import Kind, Piece, read
from streamops_conformance.model.case import CaseSpec
from streamops_conformance.model.judgement import Judgement
from streamops_conformance.model.outcome import Wrong
from streamops_conformance.model.registry import Rule
from streamops_conformance.model.transcript import Entry, Transcript
from streamops_conformance.v1.capture.rules import rules
from streamops_conformance.v1.capture.watch import Watch
from streamops_conformance.v1.client.checks import CLIENT
from streamops_conformance.v1.client.client_transcript import ClientTranscript
from streamops_conformance.v1.server.case import Case, Limits
from streamops_conformance.v1.server.checks import SERVER
from streamops_conformance.v1.server.judge import judge
from streamops_conformance.v1.vocabulary import LIFECYCLE

Frame = dict[str, Any]
DRIVER = "conformance.run"
IDS: dict[Kind, str] = {"lost": "ORD-5", "overtaken": "ORD-4", "twice": "ORD-4", "foreign": "CNT-1"}
TOLD = frozenset(rule.id for rule in rules()) | {"LIM-6", "LIM-7"}
"""The requirements on servers that a capture alone can show to be broken."""


@dataclass(slots=True)
class Joined:
    """The connections of one session, in order."""

    id: str = ""
    connections: list[Connection] = field(default_factory=list)
    transcript: Transcript = field(default_factory=Transcript)
    begins: list[int] = field(default_factory=list)
    """Index of the first entry of each connection."""

    def add(self, connection: Connection) -> None:
        """Append a connection; if the previous one has no close, it ends with a cut."""
        if self.connections and self.transcript.entries[-1].direction not in ("close", "cut"):
            last = self.connections[-1]
            self.transcript.entries.append(Entry(connection.opened_ms, "cut", last.ended or "it ended"))
        self.begins.append(len(self.transcript.entries))
        self.connections.append(connection)
        self.transcript.entries += connection.transcript.entries
        self.transcript.closed = connection.transcript.closed

    def number(self, index: int) -> int:
        """The number of the connection that has entry `index`."""
        at = sum(begin <= index for begin in self.begins)
        return self.connections[max(0, at - 1)].number


def sessions(connections: list[Connection]) -> list[Joined]:
    """The sessions of a capture; a connection that resumed a session belongs to it."""
    made: list[Joined] = []
    for connection in connections:
        hello = _first(connection, "send", "hello")
        welcome = _first(connection, "recv", "welcome")
        name = str(welcome.get("session", ""))
        resume = hello.get("resume")
        joined = None
        if isinstance(resume, dict) and name and resume.get("session") == name:
            joined = next((each for each in reversed(made) if each.id == name), None)
        if joined is None:
            joined = Joined(name)
            made.append(joined)
        joined.add(connection)
    return made


def judge_capture(capture: Capture, written: Mapping[str, str]) -> CaptureFindings:
    """Judge server and client of a capture; `written` has the text that the program wrote to each stream."""
    findings = CaptureFindings("v1")
    server, client = rules(), [rule for rule in CLIENT.rules if "dump" not in rule.on]
    findings.told = {
        "server": TOLD,
        "client": frozenset(rule.id for rule in client),
    }
    known: set[str] = set()
    found = sessions(capture.connections)
    findings.sessions = sum(bool(each.id) for each in found)
    for joined in found:
        if not joined.id and not _first(joined.connections[0], "send", "hello"):
            if joined.transcript.entries:
                number = joined.connections[0].number
                findings.remarks.append(
                    f"connection {number} has no hello: its beginning is not in the capture"
                )
            continue
        broken = _server(findings, joined, server, frozenset(known))
        if not broken and not _program(findings, joined):
            for stream, text in written.items():
                _text(findings, joined, stream, text)
        known.add(joined.id)
        for connection in joined.connections:
            _client(findings, connection, client)
            _extensions(findings, connection)
    return findings


def _first(connection: Connection, direction: str, kind: str) -> Frame:
    for entry in connection.transcript.entries:
        if entry.direction == direction and entry.type == kind:
            return entry.frame or {}
    return {}


def _server(findings: CaptureFindings, joined: Joined, asked: list[Rule], known: frozenset[str]) -> bool:
    """Ask every rule at every frame of a session, up to the first that fails; whether one failed."""
    state = Watch(_without_malformed_client_frames(joined.transcript), known)
    for index, entry in enumerate(state.transcript.entries):
        state.index = index
        if entry.direction != "send":
            kind = entry.direction if entry.direction in ("close", "cut") else entry.type
            every = () if entry.direction in ("close", "cut") else ("*",)
            here = [rule for rule in asked if {kind, *every} & set(rule.on)]
            if _ask(findings, "server", here, state, joined, index):
                return True
        state.advance()
    return _ask(findings, "server", [rule for rule in asked if "end" in rule.on], state, joined, None)


def _ask(
    findings: CaptureFindings,
    side: Side,
    asked: list[Rule],
    what: Watch | ClientTranscript,
    joined: Joined,
    index: int | None,
) -> bool:
    """Whether a rule found something wrong. A requirement counts once for a frame."""
    found = Judgement()
    if found.ask(asked, what) and found.wrong is not None:
        entries = joined.transcript.entries
        number = joined.number(index if index is not None else len(entries))
        findings.blame(side, found.broken, found.wrong, number, entries, index)
        return True
    findings.seen[side].update(found.kept.keys())
    return False


def _without_malformed_client_frames(transcript: Transcript) -> Transcript:
    """A transcript without the content of malformed client frames, which the rules for clients judge."""
    shapes = load_shapes("v1:client-frame")
    entries = [
        Entry(entry.ms, "send", entry.raw, None, entry.fault or "does not match its schema")
        if entry.direction == "send" and (entry.fault or not shapes.is_valid(entry.frame))
        else entry
        for entry in transcript.entries
    ]
    return Transcript(entries, transcript.closed)


# The side of the client


def _client(findings: CaptureFindings, connection: Connection, asked: list[Rule]) -> None:
    turned = {"send": "recv", "recv": "send"}
    entries = [
        Entry(each.ms, turned[each.direction], each.raw, each.frame, each.fault)  # type: ignore[arg-type]  # reason: the two directions, exchanged
        for each in connection.transcript.entries
        if each.direction in turned
    ]
    client = ClientTranscript(Transcript(entries))
    joined = Joined(connections=[connection], transcript=connection.transcript, begins=[0])
    for index, entry in enumerate(entries):
        client.index = index
        if entry.direction == "recv":
            here = [rule for rule in asked if {entry.type, "*"} & set(rule.on)]
            if _ask(findings, "client", here, client, joined, index):
                return
        try:
            client.advance()
        except (KeyError, TypeError, AttributeError):
            return  # The frame of the server is malformed, which the rules for servers judge.


def _extensions(findings: CaptureFindings, connection: Connection) -> None:
    """Judge LIM-6 and LIM-7 by the handshake."""
    extensions = connection.extensions
    if extensions is None or not connection.transcript.entries:
        return
    both = ("server_no_context_takeover", "client_no_context_takeover")
    if "permessage-deflate" not in extensions:
        findings.seen["server"]["LIM-6"] += 1
        findings.seen["server"]["LIM-7"] += 1
        return
    wrong = Wrong("no permessage-deflate", extensions)
    findings.blame("server", "LIM-6", wrong, connection.number, connection.transcript.entries, None)
    if any(way not in extensions for way in both):
        wrong = Wrong(f"no compression, or {' and '.join(both)}", extensions)
        findings.blame("server", "LIM-7", wrong, connection.number, connection.transcript.entries, None)


# The program, if it is known


def _program(findings: CaptureFindings, joined: Joined) -> bool:
    """Judge the session by its program, if each event is a script of the driver; whether a rule failed."""
    case = _case(joined)
    if case is None:
        return False
    found = judge(SERVER, joined.transcript, case)
    if found.wrong is not None:
        number = joined.number(found.entry if found.entry is not None else len(joined.transcript.entries))
        findings.blame("server", found.broken, found.wrong, number, joined.transcript.entries, found.entry)
        return True
    law = {rule.id for rule in SERVER.rules if rule.needs_program}
    for key, count in found.kept.items():
        if key in law and key not in TOLD:
            findings.seen["server"][key] += count
    findings.told["server"] |= law
    findings.remarks.append(
        f"connection {joined.connections[0].number} shows which program ran, so the prefix law was checked"
    )
    return False


def _case(joined: Joined) -> Case | None:
    """The case of a session; None if its program is unknown, or if its end is not in the capture."""
    if len(joined.connections) != 1:
        return None
    connection = joined.connections[0]
    hello, welcome = _first(connection, "send", "hello"), _first(connection, "recv", "welcome")
    scripts: list[Any] = []
    waiting: list[Any] = []
    for entry in connection.transcript.entries:
        frame = entry.frame or {}
        if entry.direction == "send" and entry.type == "event":
            params = frame.get("params")
            if frame.get("event") != DRIVER or not isinstance(params, dict) or waiting:
                return None
            scripts.append(params.get("script"))
            waiting.append(frame.get("ref"))
        elif entry.direction == "send" and entry.type == "cancel":
            return None
        elif entry.type == "reply":
            waiting = [each for each in waiting if each != frame.get("ref")]
    if waiting or not scripts or not welcome:
        return None
    view = hello.get("view", {})
    try:
        limits = hello.get("limits", {})
        spec = CaseSpec.from_json(
            {
                "caps": hello["caps"],
                "scripts": scripts,
                "vars": view.get("params", {}).get("vars", {}) if view.get("name") == "conformance" else {},
                **{key: limits[key] for key in ("max_fps", "max_frame_bytes") if key in limits},
            }
        )
        made = Case(spec, connection.transcript, Limits.of(welcome), frozenset(welcome["caps"]))
        return None if made.program().undetermined else made
    except (msgspec.ValidationError, KeyError, TypeError, ValueError, AttributeError):
        return None  # Not a script of the driver, or one that is wrong on purpose.


# The text, if the user gave it


def _text(findings: CaptureFindings, joined: Joined, stream: str, written: str) -> None:
    """Compare the text that arrived on a stream of a session with the text that the program wrote to it."""
    findings.told["server"] |= frozenset(IDS.values())
    arrived: list[tuple[int, Piece]] = []
    resume: Frame = {}
    ended = seen = False
    not_followed = ""
    for index, entry in enumerate(joined.transcript.entries):
        frame = entry.frame or {}
        if entry.type == "hello":
            resume = frame.get("resume") or {}
        elif entry.type == "welcome" and "resumed" in frame:
            cursor = resume.get("cursors", {}).get(stream, 0)
            arrived = [each for each in arrived if each[0] <= cursor]
            if frame["resumed"].get(stream, {}).get("how") in ("view", "gone"):
                not_followed = "operations that a resume did not replay"
        elif entry.type == "view" and frame["streams"].get(stream, {}).get("seq"):
            not_followed = "a view with the stream in its map"
        elif entry.type == "stream" and frame["stream"] == stream and not not_followed:
            seen = True
            for op in frame["ops"]:
                ended = op["op"] == "done" and op["reason"] == "complete"
                if op["op"] not in LIFECYCLE and op["target"] == default_target(stream):
                    arrived.append((frame["seq"] + frame["n"] - 1, Piece(index, op)))
    if not seen:
        return
    pieces = [piece for _, piece in arrived]
    reading = read(written, pieces, ended=ended and not not_followed)
    not_followed = not_followed or reading.not_followed
    if not_followed:
        findings.remarks.append(f"stream {stream} has {not_followed}: its text was checked up to there")
    for fault in reading.faults:
        number = joined.number(fault.entry if fault.entry is not None else len(joined.transcript.entries))
        wrong = Wrong(f"stream {stream}: {fault.expected}", fault.observed)
        findings.blame("server", IDS[fault.kind], wrong, number, joined.transcript.entries, fault.entry)
    if not reading.faults:
        for key in ("ORD-4", "ORD-5"):
            findings.seen["server"][key] += len(pieces)
