"""Where the checks of clients are registered."""

from streamops_conformance.model.registry import Registry

CLIENT = Registry("v1", role="client")
