"""Where the checks of v0 register."""

from streamops_conformance.model.registry import Registry

V0 = Registry("v0")
