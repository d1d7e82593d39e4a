"""The steps of a driver script (chapter 16), one short function for each."""

from typing import Any

Frame = dict[str, Any]
Steps = list[Frame]


def step(do: str, **members: Any) -> Frame:
    """A step, by its name in `do`."""
    return {"do": do, **members}


def _times(repeat: int) -> Frame:
    return {"repeat": repeat} if repeat != 1 else {}


def start(stream: str) -> Frame:
    """Open a run."""
    return step("start", stream=stream)


def text(stream: str, written: str, repeat: int = 1, **members: Any) -> Frame:
    """Write a text `repeat` times in one call."""
    return step("text", stream=stream, text=written, **_times(repeat), **members)


def replace(stream: str, html: str, repeat: int = 1) -> Frame:
    """Replace the content with HTML, repeated `repeat` times in one call."""
    return step("replace", stream=stream, html=html, **_times(repeat))


def done(stream: str) -> Frame:
    """End the run."""
    return step("done", stream=stream)


def pause(ms: float) -> Frame:
    """Sleep for `ms` milliseconds."""
    return step("sleep_ms", ms=ms)


def hang() -> Frame:
    """Wait until the handler is cancelled."""
    return step("hang")


def set_variable(name: str, value: str, repeat: int = 1) -> Frame:
    """Set a variable of the view."""
    return step("set", var=name, value=value, **_times(repeat))


def push_state() -> Frame:
    """Render the view."""
    return step("push_state")


def stream_to(stream: str) -> Frame:
    """Render the view, and stream the content of one element."""
    return step("stream_to", stream=stream)


def parallel(*branches: Steps) -> Frame:
    """Run branches as tasks, each with its own streams."""
    return step("parallel", branches=list(branches))


def finally_(script: Steps, then: Steps) -> Frame:
    """Run `script`, then `then`, also if `script` is cancelled."""
    return step("finally", script=script, then=then)
