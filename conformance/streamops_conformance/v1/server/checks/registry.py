"""Where the checks of v1 register."""

from streamops_conformance.model.registry import Registry

SERVER = Registry("v1")
