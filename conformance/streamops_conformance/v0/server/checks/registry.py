"""Where the checks of v0 register."""

from streamops_conformance.model.registry import Registry

SERVER = Registry("v0")
