"""What a wire brings to the suite: its checks, its dialects, its judge of captures."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from streamops_conformance.capture.findings import CaptureFindings
from streamops_conformance.capture.model import Capture, Connection
from streamops_conformance.engine.dialect import Dialect, Stimulus
from streamops_conformance.model.registry import Registry
from streamops_conformance.target.process import Running
from streamops_conformance.testee.command import TesteeCommand

AnyDialect = Dialect[Any, Any]  # reason: the table of wires holds dialects of every type


@dataclass(frozen=True, slots=True)
class ServerSide:
    """How servers of a wire are tested."""

    registry: Registry
    dialect: Callable[[Running], AnyDialect]
    read_case: Callable[[Any], Stimulus]
    """The case of a replay. Raises ValueError, KeyError, TypeError or msgspec.ValidationError."""
    examples: int
    """Cases of a run, unless the command line says otherwise."""
    needs_description: bool = False
    """Its frames must be described in a target file."""


@dataclass(frozen=True, slots=True)
class ClientSide:
    """How clients of a wire are tested."""

    registry: Registry
    dialect: Callable[[TesteeCommand, bool], AnyDialect]
    """Takes the testee, and whether a person opens it by hand."""
    read_case: Callable[[Any], Stimulus]
    """As for servers."""
    examples: int


@dataclass(frozen=True, slots=True)
class CaptureSide:
    """How captured traffic of a wire is judged."""

    recognizes: Callable[[Connection], bool]
    judge: Callable[[Capture, Mapping[str, str]], CaptureFindings]
    """Takes the connections of this wire, and what the program wrote to each stream."""


@dataclass(frozen=True, slots=True)
class Wire:
    """One protocol. A side that is None is not tested."""

    server: ServerSide | None = None
    client: ClientSide | None = None
    capture: CaptureSide | None = None

    def registry(self, role: str) -> Registry | None:
        """The checks of `server` or `client`."""
        side = self.server if role == "server" else self.client
        return side.registry if side is not None else None
