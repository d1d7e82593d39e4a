"""The registry of the checks of servers of v0."""

from streamops_conformance.model.registry import Registry

SERVER = Registry("v0")
