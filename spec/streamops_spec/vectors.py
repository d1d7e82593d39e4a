"""The vectors: data with the verdict that any implementation, in any language, must reach.

`vectors/v*/shapes/` hold values and whether a schema takes them; `vectors/v1/rules/` hold
what no schema can say: which merges, splits and inserted operations are right.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

from streamops_spec.data import data_root

Json = Any  # reason: JSON values are recursive unions, which gain nothing here


@cache
def load_shape_vectors() -> tuple[tuple[Path, tuple[Json, ...]], ...]:
    """Every file of shape vectors with its groups `{description, schema, requirement?, tests}`."""
    files = sorted((data_root() / "vectors").glob("v*/shapes/*.json"))
    return tuple((path, tuple(json.loads(path.read_text(encoding="utf-8")))) for path in files)


@cache
def load_rule_vectors(name: str) -> tuple[Json, ...]:
    """The vectors of one rule: `coalescing`, `lifecycle` or `text-split`.

    Raises KeyError, listing what there is, for an unknown name.
    """
    folder = data_root() / "vectors" / "v1" / "rules"
    path = folder / f"{name}.json"
    if not path.is_file():
        raise KeyError(
            f"no rule vectors {name!r}; there are {', '.join(p.stem for p in sorted(folder.glob('*.json')))}"
        )
    return tuple(json.loads(path.read_text(encoding="utf-8")))
