"""The registry of the checks of clients of v0."""

from streamops_conformance.model.registry import Registry

CLIENT = Registry("v0", role="client")
