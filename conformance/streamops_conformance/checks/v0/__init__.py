"""The checks of v0, one module for each chapter."""

from streamops_conformance.checks.v0 import streams, wire
from streamops_conformance.checks.v0.registry import V0

__all__ = ["V0", "streams", "wire"]
