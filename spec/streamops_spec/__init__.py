"""The only reader of `spec/` and `schemas/`: every other package gets its facts from here.

Each fact has one source. Requirements are tagged lines of `spec/v*/*.md`, vocabulary and
tables are `schemas/v1/protocol.json`, payload shapes are JSON Schemas. This package
finds and parses these files and adds no facts to them.
"""

from streamops_spec.data import data_root, spec_root
from streamops_spec.protocol import CallRow, OpTemplate, Protocol, default_target, load_protocol
from streamops_spec.requirements import AREAS, Requirement, load_requirements
from streamops_spec.schemas import (
    Members,
    Shapes,
    frame_members,
    load_schema,
    load_shapes,
    op_members,
    schema_names,
)
from streamops_spec.vectors import load_rule_vectors, load_shape_vectors

__all__ = [
    "AREAS",
    "CallRow",
    "Members",
    "OpTemplate",
    "Protocol",
    "Requirement",
    "Shapes",
    "data_root",
    "default_target",
    "frame_members",
    "load_protocol",
    "load_requirements",
    "load_rule_vectors",
    "load_schema",
    "load_shape_vectors",
    "load_shapes",
    "op_members",
    "schema_names",
    "spec_root",
]
