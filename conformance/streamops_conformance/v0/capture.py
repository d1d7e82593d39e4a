"""Judges captured v0 traffic.

Frames of v0 have no numbers, so the wire alone shows little. Three things show more: a stream's `done`, a
script of the test driver in an event, and the text that the program wrote, if the user gives it.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
from streamops_spec import default_target, load_shapes

from streamops_conformance.capture.findings import CaptureFindings
from streamops_conformance.capture.model import Capture, Connection
from streamops_conformance.capture.text import Kind, Piece, read
from streamops_conformance.model.outcome import Wrong
from streamops_conformance.model.transcript import Entry
from streamops_conformance.oracle.script import Script, from_json, streams_of
from streamops_conformance.v0.oracle import prefix
from streamops_conformance.v0.oracle.blame import blame
from streamops_conformance.v0.oracle.calls import Call, expected, inside

Frame = dict[str, Any]
IDS: dict[Kind, str] = {"lost": "ORD-101", "overtaken": "ORD-102", "twice": "ORD-102", "foreign": "CNT-101"}
ALWAYS = frozenset({"FRM-101", "FRM-102", "ORD-103"})
WITH_TEXT = frozenset({"ORD-101", "ORD-102", "CNT-101"})
WITH_SCRIPT = WITH_TEXT | {"LIF-101", "ERR-101", "CNT-102", "CNT-103", "CNT-104", "CNT-105", "CNT-106"}
QUIET = 200.0
"""Milliseconds without a frame after which nothing more is expected: about ten batching windows."""


def judge_capture(capture: Capture, written: Mapping[str, str]) -> CaptureFindings:
    """What the capture shows. `written` maps the name of a stream to what the program wrote to it."""
    findings = CaptureFindings("v0", told={"server": ALWAYS})
    for connection in capture.connections:
        judge = _Judge(findings, connection)
        findings.sessions += judge.mounts
        if judge.shapes():
            judge.after_done()
            judge.scripts()
            for stream, text in written.items():
                judge.text(stream, text)
    return findings


class _Judge:
    """One connection. There is at most one finding for each requirement and stream."""

    def __init__(self, findings: CaptureFindings, connection: Connection) -> None:
        self._account = findings
        self._connection = connection
        self._entries = connection.transcript.entries
        self.mounts = sum(entry.direction == "recv" and entry.type == "mount" for entry in self._entries)

    def shapes(self) -> bool:
        """Check FRM-101 and FRM-102, and return whether both are kept."""
        shapes = load_shapes("v0:stream")
        for index, entry in enumerate(self._entries):
            if entry.direction != "recv":
                continue
            if entry.frame is None or not isinstance(entry.frame.get("type"), str):
                why = entry.fault or "a message without a string type"
                self._blame("FRM-101", Wrong("one JSON object with a string type", why), index)
                return False
            self._see("FRM-101")
            if entry.type == "stream":
                if not shapes.is_valid(entry.frame):
                    wrong = Wrong("a frame that fits the schema v0:stream", shapes.explain(entry.frame))
                    self._blame("FRM-102", wrong, index)
                    return False
                self._see("FRM-102")
        return True

    def after_done(self) -> None:
        """ORD-103: content after a `done`, with no `start` and nothing from the client in between.

        A message of the client in between may have started another program on the stream.
        """
        done: dict[str, int] = {}
        blamed: set[str] = set()
        for index, entry in enumerate(self._entries):
            if entry.direction == "send" or entry.type == "mount":
                done.clear()
            for stream, op in _ops(entry):
                if op["op"] == "done":
                    done[stream] = index
                    self._see("ORD-103")
                elif op["op"] == "start":
                    done.pop(stream, None)
                elif stream in done and stream not in blamed:
                    blamed.add(stream)
                    said = f"{op['op']} {op.get('text', '')!r}" if "text" in op else str(op["op"])
                    wrong = Wrong(f"nothing of stream {stream} after its done", f"{said} after it")
                    self._blame("ORD-103", wrong, index)

    # Scripts of the driver

    def scripts(self) -> None:
        """Check each event that carries a script, since the script says what the program did."""
        variables: dict[str, str] = {}
        for index, entry in enumerate(self._entries):
            frame = entry.frame or {}
            params = frame.get("params")
            if entry.direction != "send" or not isinstance(params, dict):
                continue
            if isinstance(params.get("vars"), dict):
                variables = {str(key): str(value) for key, value in params["vars"].items()}
            script = _script(params.get("script"))
            if script:
                self._script(index, script, variables)

    def _script(self, begin: int, script: Script, variables: dict[str, str]) -> None:
        due = expected(script, variables, None)
        end = self._end(begin, set(due.streams))
        took = self._entries[begin:end]
        if due.undetermined or due.raises or any(entry.type == "error" for entry in took):
            return
        self._account.told["server"] |= WITH_SCRIPT
        self._remark("shows which program ran, so the prefix law was checked")
        for name, calls in due.streams.items():
            if name == "nested" and name in variables:
                continue  # Its template is the driver's own.
            frames = [
                (index, entry.frame["ops"])
                for index, entry in enumerate(self._entries[begin:end], start=begin)
                if entry.type == "stream" and entry.frame is not None and entry.frame["stream"] == name
            ]
            self._reading(calls, prefix.read(calls, frames, name, inside(name, variables, None)), end)

    def _end(self, begin: int, streams: set[str]) -> int:
        """The entry up to which everything on these streams comes from the program of one event."""
        for index in range(begin + 1, len(self._entries)):
            entry = self._entries[index]
            if entry.type == "mount":
                return index
            if entry.direction == "send" and entry.type == "event":
                params = (entry.frame or {}).get("params")
                script = _script(params.get("script")) if isinstance(params, dict) else ()
                if not script or streams & set(streams_of(script)):
                    return index
        return len(self._entries)

    def _reading(self, calls: list[Call], reading: prefix.Reading, end: int) -> None:
        kinds = [seen.op["op"] for seen in reading.ops]
        # Nothing may come after its done. Without a done, what is missing may still be on its way.
        over = (calls[-1].kind == "done" and kinds[-1:] == ["done"]) or self._quiet(end)
        if not reading.right and reading.at is None and not over:
            return
        if reading.right:
            for key in {"ORD-101", "ORD-102", *_kinds(calls)}:
                self._see(key, len(reading.ops))
            return
        found = blame(reading)
        self._blame(found.broken, Wrong(found.expected, found.observed), found.entry)
        # Where something was lost, the texts still show what was overtaken.
        texts = [call.wire["text"] for call in calls if call.kind == "text.append"]
        if len(texts) == sum(not call.lifecycle for call in calls):
            pieces = [
                Piece(seen.entry, seen.op) for seen in reading.ops if seen.op["op"] not in prefix.LIFECYCLE
            ]
            for fault in read("".join(texts), pieces, ended=over).faults:
                if IDS[fault.kind] != found.broken:
                    self._blame(IDS[fault.kind], Wrong(fault.expected, fault.observed), fault.entry)

    def _quiet(self, end: int) -> bool:
        """Whether the wire was quiet for `QUIET` before entry `end`, or before the end of the capture."""
        until = self._entries[end].ms if end < len(self._entries) else self._connection.ended_ms
        return until is not None and until - self._entries[end - 1].ms >= QUIET

    # Texts that the user gave

    def text(self, stream: str, written: str) -> None:
        """Compare what came on a stream with what the program wrote to it."""
        self._account.told["server"] |= WITH_TEXT
        target = default_target(stream)
        pieces: list[Piece] = []
        ended, seen = False, 0
        for index, entry in enumerate(self._entries):
            if entry.type == "mount" and entry.direction == "recv" and pieces:
                self._text(stream, written, pieces, ended=True)
                pieces, ended = [], False
            for name, op in _ops(entry):
                if name == stream:
                    seen += 1
                    ended = ended or op["op"] == "done"
                    if op["op"] not in prefix.LIFECYCLE and op["target"] == target:
                        pieces.append(Piece(index, op))
        if seen:
            self._text(stream, written, pieces, ended=ended and self._quiet(len(self._entries)))

    def _text(self, stream: str, written: str, pieces: list[Piece], *, ended: bool) -> None:
        reading = read(written, pieces, ended=ended)
        if reading.not_followed:
            self._remark(f"has {reading.not_followed} on stream {stream}: its text was checked up to there")
        for fault in reading.faults:
            wrong = Wrong(f"stream {stream}: {fault.expected}", fault.observed)
            self._blame(IDS[fault.kind], wrong, fault.entry)
        if not reading.faults:
            for key in ("ORD-101", "ORD-102"):
                self._see(key, len(pieces))

    # Telling

    def _see(self, key: str, times: int = 1) -> None:
        self._account.seen["server"][key] += times

    def _blame(self, key: str, wrong: Wrong, index: int | None) -> None:
        self._account.blame("server", key, wrong, self._connection.number, self._entries, index)

    def _remark(self, said: str) -> None:
        remark = f"connection {self._connection.number} {said}"
        if remark not in self._account.remarks:
            self._account.remarks.append(remark)


def _ops(entry: Entry) -> list[tuple[str, Frame]]:
    if entry.direction != "recv" or entry.type != "stream" or entry.frame is None:
        return []
    return [(entry.frame["stream"], op) for op in entry.frame["ops"]]


def _script(value: Any) -> Script:
    """The script in an event; empty if it has none."""
    if not isinstance(value, list):
        return ()
    try:
        return from_json(value)
    except (msgspec.ValidationError, KeyError, TypeError, ValueError):
        return ()


def _kinds(calls: list[Call]) -> set[str]:
    """What a stream that arrived intact shows besides."""
    kinds = [call.kind for call in calls]
    found = set()
    if "done" in kinds and "start" in kinds:
        found.add("LIF-101")
    if "error" in kinds[1:-1]:
        found.add("ERR-101")
    return found
