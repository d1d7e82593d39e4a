"""Faults in what a client that comes back gets: chapter 11, up to RES-6.

Patches, because these are not on the wire: what a session keeps, and for how long.
"""

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import UNSET
from streamops_server.core import resume
from streamops_server.core.frames import Hello, Resumed, ResumeFrom
from streamops_server.core.outbox import Outbox
from streamops_server.core.program import Program
from streamops_server.core.session import Session
from streamops_server.core.stream import Stream
from streamops_server.session_runner import SessionRunner

from .table import FEW, fault, instead

Real = Callable[..., Any]


@fault("RES-1", examples=FEW)
def a_session_dies_with_its_connection() -> None:
    @instead(Session, "lost")
    def lost(real: Real, self: Session, now: float) -> bool:
        self.over()
        return False


@fault("RES-1", examples=FEW)
def a_session_lives_for_two_seconds() -> None:
    @instead(Session, "lost")
    def lost(real: Real, self: Session, now: float) -> bool:
        goes_on: bool = real(self, now)
        self._expires = min(self._expires, now + 2)
        return goes_on


@fault("RES-1", examples=FEW)
def a_session_ends_with_a_silent_connection() -> None:
    @instead(Session, "fail")
    def fail(real: Real, self: Session, code: str, text: str, **options: Any) -> None:
        real(self, code, text, **options)
        if code == "heartbeat_timeout":
            self._parts, self.program.closed = False, True


@fault("RES-1", examples=FEW)
def handlers_die_with_their_connection() -> None:
    @instead(SessionRunner, "lost")
    async def lost(real: Real, self: SessionRunner, **options: Any) -> None:
        await real(self, **options)
        self._tasks.cancel_all()


def _resumed(change: Callable[[Program, ResumeFrom, dict[str, Resumed]], dict[str, Resumed]]) -> None:
    """`change` takes what `resumed` says, and gives what is said instead."""

    @instead(resume, "rewind")
    def rewind(real: Real, asked: ResumeFrom, program: Program, *args: Any) -> dict[str, Resumed]:
        return change(program, asked, real(asked, program, *args))


@fault("RES-2", examples=FEW)
def resumed_echoes_the_cursors() -> None:
    def change(_: Program, asked: ResumeFrom, said: dict[str, Resumed]) -> dict[str, Resumed]:
        return {
            name: Resumed(each.how, asked.cursors.get(name, 0) if each.how == "replay" else each.seq)
            for name, each in said.items()
        }

    _resumed(change)


@fault("RES-3", examples=FEW)
def a_replay_leaves_one_operation_out() -> None:
    @instead(Stream, "rewind")
    def rewind(real: Real, self: Stream, cursor: int) -> int:
        freed: int = real(self, cursor)
        if self._entries:
            entry = self._entries.popleft()
            self.pending_bytes -= entry.size + 32
            self.sent += entry.count
        return freed


@fault("RES-3", examples=FEW)
def the_last_frame_comes_once_more() -> None:
    @instead(Stream, "rewind")
    def rewind(real: Real, self: Stream, cursor: int) -> int:
        earlier = [mark for mark in _marks(self) if mark < cursor and self.has_whole(mark)]
        if cursor > self.sent or not earlier:
            return int(real(self, cursor))
        return int(real(self, max(earlier)))


@fault("RES-4", examples=FEW)
def a_cursor_ahead_of_the_server_is_accepted() -> None:
    @instead(Stream, "knows")
    def knows(real: Real, self: Stream, cursor: int) -> bool:
        return cursor > self.accepted or bool(real(self, cursor))

    @instead(Stream, "rewind")
    def rewind(real: Real, self: Stream, cursor: int) -> int:
        return int(real(self, min(cursor, self.accepted)))


@fault("RES-4", examples=FEW)
def a_cursor_inside_a_frame_is_taken_for_the_one_before() -> None:
    @instead(Stream, "knows")
    def knows(real: Real, self: Stream, cursor: int) -> bool:
        return cursor <= self.accepted

    @instead(Stream, "rewind")
    def rewind(real: Real, self: Stream, cursor: int) -> int:
        known = [mark for mark in (0, *_marks(self)) if mark <= cursor]
        return int(real(self, max(known)))


@fault("RES-4", examples=FEW)
def cursors_of_unknown_streams_are_passed_over() -> None:
    @instead(resume, "is_valid")
    def is_valid(real: Real, hello: Hello, offered: object, program: Program, *args: Any) -> bool:
        assert isinstance(hello.resume, ResumeFrom)
        for name in hello.resume.cursors.keys() - program.streams.keys():
            del hello.resume.cursors[name]
        return bool(real(hello, offered, program, *args))


@fault("RES-5", examples=FEW)
def what_is_left_of_a_stream_is_replayed() -> None:
    @instead(Stream, "has_whole")
    def has_whole(real: Real, self: Stream, cursor: int) -> bool:
        return not self.muted

    @instead(Stream, "rewind")
    def rewind(real: Real, self: Stream, cursor: int) -> int:
        return int(real(self, max(cursor, self.sent_log._floor if self.sent_log else self.sent)))


@fault("RES-5", examples=FEW)
def a_run_that_is_gone_goes_on() -> None:
    @instead(Outbox, "give_up")
    def give_up(real: Real, self: Outbox, queue: Stream, *, muted: bool) -> None:
        real(self, queue, muted=False)


@fault("RES-6", examples=FEW)
def missed_views_are_lost() -> None:
    @instead(Outbox, "rewind")
    def rewind(real: Real, self: Outbox, cursors: object, version: int | None) -> None:
        real(self, cursors, None)


@fault("RES-6", examples=FEW)
def missed_views_come_after_all_operations() -> None:
    @instead(Outbox, "rewind")
    def rewind(real: Real, self: Outbox, cursors: object, version: int | None) -> None:
        real(self, cursors, version)
        for view in self._views._views:
            view.order = self.order


def _marks(stream: Stream) -> list[int]:
    return stream.sent_log._cursors if stream.sent_log is not None else []


@fault("RES-4", examples=FEW)
def a_view_that_was_never_made_is_believed() -> None:
    @instead(resume, "is_valid")
    def is_valid(real: Real, hello: Hello, *args: Any) -> bool:
        asked = msgspec.structs.replace(hello.resume, view=UNSET)
        return bool(real(msgspec.structs.replace(hello, resume=asked), *args))


@fault("RES-22", examples=FEW)
def a_resume_that_fails_ends_the_session() -> None:
    @instead(Session, "may_resume")
    def may_resume(real: Real, self: Session, *args: Any) -> bool:
        goes_on = bool(real(self, *args))
        if not goes_on:
            self.over()
        return goes_on
