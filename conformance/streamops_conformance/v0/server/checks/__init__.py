"""The checks of servers of v0, one module for each chapter."""

from streamops_conformance.v0.server.checks import streams, wire
from streamops_conformance.v0.server.checks.registry import SERVER

__all__ = ["SERVER", "streams", "wire"]
