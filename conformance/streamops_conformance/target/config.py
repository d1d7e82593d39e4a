"""The target file (TOML): how to start an implementation, how to reach it, what to expect.

Its shape is `schemas/v1/target.schema.json`; `docs/testing-your-server.md` explains it.
"""

import sys
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from streamops_spec import load_shapes


class TargetFileError(Exception):
    """The target file cannot be used; the text says why, and what is needed."""


@dataclass(frozen=True, slots=True)
class Start:
    """How to start it: `{port}` in the command is replaced by a free port."""

    command: tuple[str, ...]
    ready: str
    """The start of the output line that says it listens; empty: wait until the port answers."""
    timeout: float
    folder: Path


@dataclass(frozen=True, slots=True)
class Target:
    """One implementation under test."""

    name: str
    url: str
    spec: str = "v1"
    start: Start | None = None
    headers: dict[str, str] = field(default_factory=dict)
    other_headers: dict[str, str] | None = None
    """Headers of a second principal (RES-10); None: there is only one."""
    capabilities: frozenset[str] | None = None
    """The capabilities that it declares; None: whatever it agrees on."""
    connections: int = 32
    messages_per_second: float = 0.0
    """How many messages one connection may send; 0 means no limit."""
    burst: int = 0
    v0: dict[str, Any] = field(default_factory=dict)
    """The description of its frames, for `v0`."""
    baseline: Path | None = None


def embedded(spec: str = "v1") -> Target:
    """The reference server of this distribution, started as a separate process."""
    command = (sys.executable, "-m", "streamops_server", "--conformance", "--port", "{port}")
    return Target(
        name="the reference server",
        url="ws://127.0.0.1:{port}/",
        spec=spec,
        start=Start(command, ready="ready", timeout=20.0, folder=Path.cwd()),
        other_headers={"Authorization": "Bearer other"},
    )


def at(url: str, spec: str) -> Target:
    """A server that runs already."""
    if not url.startswith("ws://"):
        raise TargetFileError(f"{url!r} is not a URL of a server: give ws://HOST:PORT/PATH")
    return Target(name=url, url=url, spec=spec)


def read(path: Path) -> Target:
    """The target of a file. Raises TargetFileError if the file is missing or does not match the schema."""
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise TargetFileError(f"{path} cannot be read: {error.strerror}") from error
    except tomllib.TOMLDecodeError as error:
        raise TargetFileError(f"{path} is not TOML: {error}") from error
    shapes = load_shapes("v1:target")
    if not shapes.is_valid(found):
        raise TargetFileError(f"{path}: {shapes.explain(found)}; the shape is urn:streamops:v1:target")
    start, limits = found.get("start"), found.get("limits", {})
    return Target(
        name=found["name"],
        url=found["url"],
        spec=found.get("dialect", "v1"),
        start=Start(
            command=tuple(start["command"]),
            ready=start.get("ready", ""),
            timeout=start.get("timeout_s", 20),
            folder=(path.parent / start.get("folder", ".")).resolve(),
        )
        if start is not None
        else None,
        headers=found.get("headers", {}),
        other_headers=found.get("other_headers"),
        capabilities=frozenset(found["capabilities"]) if "capabilities" in found else None,
        connections=limits.get("connections", 32),
        messages_per_second=limits.get("messages_per_second", 0),
        burst=limits.get("burst", 0),
        v0=found.get("v0", {}),
        baseline=path.parent / found["baseline"] if "baseline" in found else None,
    )
