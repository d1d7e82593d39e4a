"""Script → numbered operations, views and replies: what a correct server must put on the wire.

Branches of `parallel` run one after another here. Generated scripts give each stream to one branch, so the
log of a stream is the same for every interleaving.
"""

import html as html_lib
import json
import re
from collections.abc import Mapping
from typing import Any

from streamops_spec import Protocol, default_target, load_protocol

from streamops_conformance.model.case import CaseSpec
from streamops_conformance.oracle import script as steps
from streamops_conformance.v1.oracle.log import ExpectedEvent, ExpectedView, LoggedOp, StreamState
from streamops_conformance.v1.oracle.split_text import Mode, numbered

HANDLER = "handler"


class _Raised(Exception):
    """The program raised; `code` is the code of the reply (ERR-3)."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class _Hangs(Exception):
    """The program waits to be cancelled."""


def root_html(variables: Mapping[str, str]) -> str:
    """The view root of the conformance view: a div per variable, in name order (chapter 16)."""
    return "".join(
        f'<div dj-stream="{name}">{html_lib.escape(variables[name])}</div>' for name in sorted(variables)
    )


class Program:
    """The programs of one session, interpreted; the state is kept from event to event.

    `caps` are the agreed capabilities, `variables` those of the conformance view.
    """

    def __init__(
        self,
        caps: frozenset[str],
        variables: Mapping[str, str],
        *,
        max_text_bytes: int,
        max_frame_bytes: int = 1 << 20,
        max_streams: int = 1 << 30,
    ) -> None:
        self._protocol: Protocol = load_protocol()
        self._caps = caps
        self.variables = dict(variables)
        self._max_text_bytes = max_text_bytes
        self._max_frame_bytes = max_frame_bytes
        self._max_streams = max_streams
        self._name = re.compile(self._protocol.patterns.stream)
        self._order = 0
        self._parallel_since: int | None = None
        self.undetermined = False
        """A script left the order of operations on a stream to chance, which a case must not do."""
        self._open_order: list[str] = []
        self.streams: dict[str, StreamState] = {}
        self.views: list[ExpectedView] = []
        self.events: list[ExpectedEvent] = []
        if "view" in caps:
            self._view(final=False)

    def run(self, script: steps.Script) -> ExpectedEvent:
        """Run the script of one event, including what the end of its handler inserts."""
        code = ""
        replies = True
        try:
            for step in script:
                self._step(step)
        except _Raised as raised:
            code = raised.code
            self._end(HANDLER, "owner_raises", "LIF-8")
        except _Hangs:
            replies = False
        else:
            self._end(HANDLER, "owner_returns", "LIF-7")
        if replies and "view" in self._caps:
            self._view(final=True)
        event = ExpectedEvent(
            counts=self.counts(),
            views=len(self.views),
            replies=replies,
            ok=not code,
            code=code,
        )
        self.events.append(event)
        return event

    def counts(self) -> dict[str, int]:
        """The number of operations of each stream."""
        return {name: len(stream.ops) for name, stream in self.streams.items()}

    # Steps

    def _step(self, step: steps.AnyStep) -> None:
        if isinstance(step, steps.Parallel):
            self._parallel(step)
        elif isinstance(step, steps.Finally):
            self._finally(step)
        else:
            self._simple(step, HANDLER)

    def _finally(self, step: steps.Finally) -> None:
        raised: _Raised | None = None
        try:
            for each in step.script:
                self._simple(each, HANDLER)
        except _Raised as error:
            raised = error
        for each in step.then:
            self._simple(each, HANDLER)
        if raised is not None:
            raise raised

    def _parallel(self, step: steps.Parallel) -> None:
        errors: list[_Raised] = []
        self._note_undetermined(step)
        self._parallel_since = self._order
        for number, branch in enumerate(step.branches):
            owner = f"branch {number} of step {id(step)}"
            try:
                for inner in branch:
                    self._simple(inner, owner)
            except _Raised as raised:
                errors.append(raised)
                self._end(owner, "owner_raises", "LIF-8")
                # A branch belongs to the owner of the handler too (LIF-8, LIF-9).
                for name in self._owned(HANDLER):
                    if self.streams[name].state == "open":
                        self._lifecycle(name, {"op": "error", "code": "app_error"}, "LIF-8", owner)
            else:
                self._end(owner, "owner_returns", "LIF-9")
        self._parallel_since = None
        if errors:
            raise errors[0]

    def _note_undetermined(self, step: steps.Parallel) -> None:
        used = [set(steps.streams_of(branch)) for branch in step.branches]
        mine = {name for name in self._owned(HANDLER) if any(name in names for names in used)}
        inner = [each for branch in step.branches for each in branch]
        self.undetermined |= (
            len({*self.streams}.union(*used)) > self._max_streams
            or sum(map(len, used)) > len(set().union(*used))
            or any(isinstance(each, steps.PushState | steps.Set | steps.Hang) for each in inner)
            or any(isinstance(each, steps.Start) and each.stream in mine for each in inner)
            or (bool(mine) and any(isinstance(each, steps.Raise) for each in inner))
        )

    def _simple(self, step: steps.Simple, owner: str) -> None:
        match step:
            case steps.Sleep():
                pass
            case steps.Raise():
                raise _Raised("app_error")
            case steps.Hang():
                raise _Hangs
            case steps.Set():
                self.variables[step.var] = step.value * step.repeat
            case steps.PushState():
                if "view" not in self._caps:
                    raise _Raised("unsupported")
                self._view(final=False)
            case steps.Start():
                self._call("start", step.stream, owner, "LIF-4")
            case steps.Done():
                self._call("done", step.stream, owner, "LIF-5")
            case steps.Error():
                self._error(step, owner)
            case steps.Text():
                self._text(step.stream, step.text * step.repeat, step.mode, step.target, owner)
            case steps.TextUnits():
                text = b"".join(unit.to_bytes(2, "little") for unit in step.units)
                self._text(step.stream, text.decode("utf-16-le", "surrogatepass"), "append", "", owner)
            case steps.StreamTo():
                self._stream_to(step, owner)
            case _:
                self._html(step, owner)

    def _text(self, name: str, text: str, mode: Mode, target: str, owner: str) -> None:
        self._known(name)
        if target:
            self._needs("html")
        try:
            parts = numbered(text, mode, self._max_text_bytes)
        except UnicodeEncodeError:
            raise _Raised("app_error") from None  # CNT-6
        for part, part_mode in parts:
            self._content(name, {"op": "text", "text": part, "mode": part_mode}, target, owner)

    def _html(self, step: steps.Replace | steps.Insert | steps.Delete | steps.Prune, owner: str) -> None:
        self._known(step.stream)
        self._needs("html")
        wire: dict[str, Any]
        match step:
            case steps.Replace():
                wire = {"op": "replace", "html": step.html * step.repeat}
            case steps.Insert():
                wire = {"op": step.at, "html": step.html * step.repeat}
            case steps.Delete():
                wire = {"op": "delete"}
            case _:
                wire = {"op": "prune", "limit": step.limit, "edge": step.edge}
        if len(json.dumps(wire.get("html", ""), ensure_ascii=False).encode()) > self._max_frame_bytes:
            raise _Raised("overflow")
        self._content(step.stream, wire, step.target, owner)

    def _stream_to(self, step: steps.StreamTo, owner: str) -> None:
        self._known(step.stream)
        self._needs("html")
        if step.stream not in self.variables:
            raise _Raised("app_error")  # CNT-11
        inner = html_lib.escape(self.variables[step.stream])
        op = self._content(step.stream, {"op": "replace", "html": inner}, "", owner)
        op.rerendered = True
        self.streams[step.stream].foreign = False  # VIEW-11

    def _error(self, step: steps.Error, owner: str) -> None:
        self._known(step.stream)
        own = re.fullmatch(self._protocol.patterns.application_code, step.code)
        if step.code not in self._protocol.codes and own is None:
            raise _Raised("app_error")  # ERR-9
        template = {"op": "error", "error": step.error, "code": step.code}
        self._call("error", step.stream, owner, "LIF-3", template)

    # The call table

    def _content(self, name: str, wire: dict[str, Any], target: str, owner: str) -> LoggedOp:
        default = default_target(name)
        stream = self._known(name)
        self._call("content", name, owner, "LIF-3", {**wire, "target": target or default})
        if wire["op"] == "text" and not target:
            mode = wire["mode"]
            built = stream.built if mode != "replace" else ""
            stream.built = wire["text"] + built if mode == "prepend" else built + wire["text"]
        else:
            stream.pure_text = False
        stream.foreign = True
        return stream.ops[-1]

    def _call(self, call: str, name: str, owner: str, cause: str, wire: dict[str, Any] | None = None) -> None:
        stream = self._known(name)
        row = self._protocol.lifecycle.calls[call][stream.state]  # type: ignore[index]  # reason: str, not Literal
        for template in row:
            if template.op == "content":
                assert wire is not None
                self._add(name, wire, "ORD-5")
                stream.state = "open"
                stream.shown = None
            elif template.op == "error" and wire is not None:
                self._lifecycle(name, wire, "ORD-5", owner)
            else:
                made = {"op": template.op}
                if template.reason:
                    made["reason"] = template.reason
                if template.code:
                    made["code"] = template.code
                explicit = call == "start" and template.op == "start"
                self._lifecycle(name, made, "ORD-5" if explicit else cause, owner)

    def _lifecycle(self, name: str, wire: dict[str, Any], cause: str, owner: str) -> None:
        stream = self._known(name)
        made = {**wire, "target": default_target(name)}
        op = self._add(name, made, cause)
        if wire["op"] == "start":
            made["run"] = op.seq
            stream.state, stream.run, stream.owner, stream.shown = "open", op.seq, owner, None
            stream.pure_text, stream.built = True, ""
            self._open_order = [each for each in self._open_order if each != name] + [name]
        elif wire["op"] == "error":
            stream.state = "errored"
            op.generic = "error" not in wire
            stream.shown = (wire.get("error"), wire["code"])
        else:
            stream.state, stream.owner = "idle", None
            if stream.pure_text:
                made["_text"] = stream.built
            else:
                made["_text"] = None

    def _end(self, owner: str, call: str, cause: str) -> None:
        for name in self._owned(owner):
            self._call(call, name, owner, cause)

    def _owned(self, owner: str) -> list[str]:
        return [
            name
            for name in self._open_order
            if self.streams[name].owner == owner and self.streams[name].state != "idle"
        ]

    def _add(self, name: str, wire: dict[str, Any], cause: str) -> LoggedOp:
        stream = self._known(name)
        self._order += 1
        before = self._order - 1 if self._parallel_since is None else self._parallel_since
        op = LoggedOp(name, len(stream.ops) + 1, wire, cause, self._order, before)
        stream.ops.append(op)
        return op

    # Refusals and views

    def _needs(self, capability: str) -> None:
        if capability not in self._caps:
            raise _Raised("unsupported")  # CNT-8

    def _known(self, name: str) -> StreamState:
        if name in self.streams:
            return self.streams[name]
        if not self._name.fullmatch(name):
            raise _Raised("app_error")  # LIM-8
        if len(self.streams) >= self._max_streams:
            raise _Raised("overflow")  # LIM-4
        self.streams[name] = StreamState()
        return self.streams[name]

    def _view(self, *, final: bool) -> None:
        html = root_html(self.variables)
        if len(html.encode()) > self._max_frame_bytes:
            if final:
                return
            raise _Raised("overflow")
        listed = {
            name: self._entry(self.streams.get(name, StreamState()))
            for name in dict.fromkeys([*sorted(self.variables), *self.streams])
            if not self.streams.get(name, StreamState()).foreign
        }
        if self.views and self.views[-1].order == self._order:
            self.views[-1].replaceable = True
        self.views.append(ExpectedView(html, self.counts(), listed, self._order, final))

    @staticmethod
    def _entry(stream: StreamState) -> dict[str, Any]:
        entry: dict[str, Any] = {"seq": len(stream.ops), "state": stream.state}
        if stream.state != "idle":
            entry["run"] = stream.run
        if stream.shown is not None:
            entry["error"], entry["code"] = stream.shown
        return entry


def is_determined(spec: CaseSpec) -> bool:
    """Whether the outcome of a case does not depend on which of its branches is faster."""
    program = Program(
        frozenset(spec.caps), dict(spec.variables), max_text_bytes=8192, max_frame_bytes=spec.max_frame_bytes
    )
    for script in spec.scripts:
        program.run(script)
    return not program.undetermined
