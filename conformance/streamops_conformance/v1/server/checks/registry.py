"""Where the checks of v1 register."""

from streamops_conformance.model.registry import Registry

V1 = Registry("v1")
