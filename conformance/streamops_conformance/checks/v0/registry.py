"""Where the checks of v0 register."""

from streamops_conformance.judge.registry import Registry

V0 = Registry("v0")
