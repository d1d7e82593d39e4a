"""Where the data stands: beside the source in a checkout, inside the package in a wheel."""

from functools import cache
from pathlib import Path


@cache
def _root() -> Path:
    packaged = Path(__file__).parent / "_data"
    if packaged.is_dir():
        return packaged
    return Path(__file__).parents[2]


def data_root() -> Path:
    """The folder that holds `v1/`, `v0/` and `vectors/` of the schemas."""
    return _root() / "schemas"


def spec_root() -> Path:
    """The folder that holds `v1/` and `v0/` of the specification's chapters."""
    return _root() / "spec"
