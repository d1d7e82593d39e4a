"""Test vectors: inputs and the results that an implementation in any language must produce.

`vectors/v*/shapes/` has values and whether a schema accepts them. `vectors/v1/rules/` has
cases for the rules that a schema cannot express: merges, splits, inserted operations, resumes, bad input.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

from streamops_spec.data import data_root

Json = Any  # reason: JSON values are recursive unions, which gain nothing here


@cache
def load_shape_vectors() -> tuple[tuple[Path, tuple[Json, ...]], ...]:
    """Each file of shape vectors and its groups, `{description, schema, requirement?, tests}`."""
    files = sorted((data_root() / "vectors").glob("v*/shapes/*.json"))
    return tuple((path, tuple(json.loads(path.read_text(encoding="utf-8")))) for path in files)


@cache
def load_rule_vectors(name: str) -> tuple[Json, ...]:
    """The vectors of one rule: `bad-input`, `coalescing`, `lifecycle`, `resume` or `text-split`.

    Raises KeyError, with the list of known names, for an unknown one.
    """
    folder = data_root() / "vectors" / "v1" / "rules"
    path = folder / f"{name}.json"
    if not path.is_file():
        known = ", ".join(sorted(each.stem for each in folder.glob("*.json")))
        raise KeyError(f"rule vectors {name!r} do not exist; known are {known}")
    return tuple(json.loads(path.read_text(encoding="utf-8")))
