"""Prints a stream as it comes.

Text is printed unchanged and unbuffered, except for control characters: a server that could send `ESC ]`
could change the title of the window, or worse. They are shown as pictures (U+2400 …), in pipes too, because
a file may be read in a terminal later. Use `--json` for the exact bytes.

A terminal cannot change what it has printed. So a replacement begins a new line and prints the new text, and
a prepended text is printed on a line of its own. Read downwards, the output is in the order of time. From the
second stream on, each line begins with the name of its stream. HTML is printed as the text that a page would
show. Where a rendering begins with the text of the one before it, only what was added is printed.
"""

import json
from collections.abc import Sequence
from typing import Any, TextIO

from rich.console import Console

from streamops_conformance.tail.effects import (
    Effect,
    Fired,
    Html,
    Removed,
    Replied,
    Report,
    Retry,
    Said,
    Stop,
    Text,
    Viewed,
)
from streamops_conformance.tail.html import as_text

Json = Any  # reason: a recursive union of JSON values gains nothing here

VIEW = "(view)"
"""The name before the lines of a view; no stream can have it."""
COLOURS = ("cyan", "magenta", "green", "yellow", "blue")
_PICTURES = {code: 0x2400 + code for code in range(0x20) if code not in (0x09, 0x0A)}
_CLEAN = {**_PICTURES, 0x7F: 0x2421, **dict.fromkeys(range(0x80, 0xA0), 0xFFFD)}


def clean(text: str) -> str:
    """The text without control characters and lone surrogates, which a terminal would obey or cannot show."""
    return text.translate(_CLEAN).encode("utf-8", "replace").decode()


class Printer:
    """Output for people: texts go to `out`, everything else to `err`."""

    def __init__(self, out: TextIO, err: TextIO, only: Sequence[str] = ()) -> None:
        self._out = out
        self._console = Console(file=out, highlight=False)
        self._err = Console(file=err, highlight=False)
        self._only = only
        self._names: list[str] = []
        self._last = ""  # the stream of the last printed text
        self._in_line = False
        self._rendered: dict[tuple[str, str], str] = {}
        """Stream or view, and target → the text of its last rendering."""

    def show(self, effects: Sequence[Effect]) -> None:
        """Print the effects of one message."""
        for each in effects:
            match each:
                case Text():
                    self._text(each)
                case Html(stream, "replace", html, target):
                    self._rendering(stream, target, as_text(html))
                case Html(stream, _, html):
                    self._lines(stream, as_text(html))
                case Viewed(_, html):
                    self._rendering(VIEW, "", as_text(html))
                case Fired("stream:done", stream):
                    self._end_line(stream)
                case Fired("stream:error", stream, error=str(error)):
                    self._remark(f"{stream}: {error} ({each.code})", stream)
                case Fired("stream:integrity", stream, ok=False):
                    self._remark(f"{stream}: this is not the whole text", stream)
                case Replied(ok=False):
                    self._remark(f"the event was refused: {each.error} ({each.code})")
                case Said():
                    self._remark(f"the server says: {each.error} ({each.code})")
                case Report():
                    self._remark(f"{each.kind}: {each.message}")
                case Retry():
                    self._remark(f"the connection was lost, the next try is in {each.delay:.1f} s")
                case Stop():
                    self._remark(f"not reconnecting: {each.message} ({each.code})")
                case _:
                    pass
        self._out.flush()

    def close(self) -> None:
        """End the output, so that the next output of the terminal begins a line."""
        self._end_line(self._last)
        self._out.flush()

    def _text(self, op: Text) -> None:
        if self._only and op.stream not in self._only:
            return
        if op.stream not in self._names:
            self._names.append(op.stream)
        if op.stream != self._last or op.mode != "append":
            self._end_line(self._last)
        self._last = op.stream
        for line in clean(op.text).splitlines(keepends=True) if op.text else ():
            if not self._in_line:
                self._prefix(op.stream)
            self._out.write(line)
            self._in_line = not line.endswith("\n")
        if op.mode == "prepend" and op.text:
            self._end_line(op.stream)

    def _lines(self, stream: str, text: str) -> None:
        if text:
            self._end_line(self._last)
            self._text(Text(stream, "append", text + "\n"))

    def _rendering(self, stream: str, target: str, text: str) -> None:
        """A text that replaces the one before it."""
        before = self._rendered.get((stream, target))
        self._rendered[stream, target] = text
        if text == before or (self._only and stream == VIEW):
            return
        if before and text.startswith(before):
            added = text[len(before) :]
            is_in_line = self._last == stream and self._in_line
            self._text(Text(stream, "append", added if is_in_line else added.removeprefix("\n")))
        elif text:
            self._text(Text(stream, "replace", text))

    def _prefix(self, stream: str) -> None:
        if len(self._names) > 1:
            colour = COLOURS[self._names.index(stream) % len(COLOURS)]
            self._console.out(f"{stream} | ", style=colour, end="")

    def _end_line(self, stream: str) -> None:
        if self._in_line and stream == self._last:
            self._out.write("\n")
            self._in_line = False

    def _remark(self, text: str, stream: str = "") -> None:
        if self._only and stream and stream not in self._only:
            return
        self._end_line(self._last)
        self._out.flush()
        self._err.out(clean(text).replace("\n", " "), style="red")


class Lines:
    """Output for programs: each effect is one line of JSON, in ASCII."""

    def __init__(self, out: TextIO, only: Sequence[str] = ()) -> None:
        self._out = out
        self._only = only

    def show(self, effects: Sequence[Effect]) -> None:
        """Print the effects of one message; if streams were selected, without those of other streams."""
        for each in effects:
            name = getattr(each, "stream", None)
            if self._only and name is not None and name not in self._only:
                continue
            if line := _line(each):
                self._out.write(json.dumps(line) + "\n")
        self._out.flush()

    def close(self) -> None:
        """Nothing to end: each line is complete."""


def _line(effect: Effect) -> dict[str, Json] | None:
    match effect:
        case Fired(event="stream:text"):
            return None  # its text is in the line before
        case Text(stream, mode, text):
            line: dict[str, Json] = {"event": "stream:text", "stream": stream, "mode": mode, "text": text}
        case Html() | Removed():
            line = {"event": f"stream:{'html' if isinstance(effect, Html) else 'removed'}"}
            line |= {name: getattr(effect, name) for name in effect.__struct_fields__}
        case Viewed(version, html):
            line = {"event": "view", "version": version, "html": html}
        case Fired():
            line = {name: getattr(effect, name) for name in effect.__struct_fields__}
        case Replied() | Said() | Report() | Retry() | Stop():
            line = {"event": type(effect).__name__.lower()}
            line |= {name: getattr(effect, name) for name in effect.__struct_fields__}
        case _:
            return None
    return {name: value for name, value in line.items() if value is not None}
