"""Finds the data files: in a checkout beside the source, in a wheel inside the package."""

from functools import cache
from pathlib import Path


@cache
def _root() -> Path:
    packaged = Path(__file__).parent / "_data"
    if packaged.is_dir():
        return packaged
    return Path(__file__).parents[2]


def data_root() -> Path:
    """The folder of the schemas, with `v1/`, `v0/` and `vectors/`."""
    return _root() / "schemas"


def decisions_root() -> Path:
    """The folder of the pages of decisions."""
    return _root() / "docs" / "decisions"


def spec_root() -> Path:
    """The folder of the specification's chapters, with `v1/` and `v0/`."""
    return _root() / "spec"
