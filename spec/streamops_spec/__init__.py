"""The only reader of `spec/` and `schemas/`: every other package gets its facts here.

One source per fact: requirements are tagged lines of `spec/v*/*.md`, vocabulary and
tables are `schemas/v1/protocol.json`, payload shapes are JSON Schemas. This package
finds and parses them; it holds no fact of its own.
"""

from streamops_spec.data import data_root, spec_root
from streamops_spec.protocol import CallRow, OpTemplate, Protocol, load_protocol
from streamops_spec.requirements import AREAS, Requirement, load_requirements
from streamops_spec.schemas import Shapes, load_schema, load_shapes, schema_names
from streamops_spec.vectors import load_rule_vectors, load_shape_vectors

__all__ = [
    "AREAS",
    "CallRow",
    "OpTemplate",
    "Protocol",
    "Requirement",
    "Shapes",
    "data_root",
    "load_protocol",
    "load_requirements",
    "load_rule_vectors",
    "load_schema",
    "load_shape_vectors",
    "load_shapes",
    "schema_names",
    "spec_root",
]
