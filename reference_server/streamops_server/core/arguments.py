"""What the program gives a call, checked before the call does anything; all raise ValueError."""

import re

from msgspec import UNSET, UnsetType
from streamops_spec import default_target, load_protocol

_PATTERNS = load_protocol().patterns
_NAME = re.compile(_PATTERNS.stream)
_TARGET = re.compile(f"{_PATTERNS.target_default}|{_PATTERNS.target_id}")
_OWN_CODE = re.compile(_PATTERNS.application_code)
_MAX_INTEGER = load_protocol().limits.max_safe_integer


def plain(value: object, what: str) -> str:
    """`value` as a str and not as a subclass, such as `markupsafe.Markup`, which the JSON encoder refuses.

    Raises ValueError, which begins with `what`, if it is not a str.
    """
    if not isinstance(value, str):
        raise ValueError(f"{what} is a str, not {type(value).__name__}: {value!r:.80}")
    return value if type(value) is str else str.__str__(value)


def name_of(value: object) -> str:
    """A name that a stream may have (LIM-8)."""
    name = plain(value, "The name of a stream")
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is not a stream name; a name matches {_PATTERNS.stream}")
    return name


def target_of(value: object) -> str:
    """A default target or an id (CNT-4)."""
    target = plain(value, "A target")
    if not _TARGET.fullmatch(target):
        raise ValueError(f"{target!r} is not a target; use {default_target('NAME')} or #ID")
    return target


def code_of(value: object) -> str:
    """A core code or an application's own, `x_…` (ERR-9)."""
    code = plain(value, "A code")
    if code not in load_protocol().codes and not _OWN_CODE.fullmatch(code):
        raise ValueError(f"{code!r} is not an error code; use a core code, or x_ followed by a-z, 0-9 and _")
    return code


def html_of(value: object) -> str:
    """HTML, of any content."""
    return plain(value, "Html")


def one_of(value: object, allowed: tuple[str, ...], what: str) -> str:
    """The one of `allowed` that equals `value`."""
    for one in allowed:
        if one == value:
            return one
    raise ValueError(f"{what} is {value!r}; use one of {', '.join(allowed)}")


def limit_of(value: object) -> int:
    """A number of elements."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _MAX_INTEGER:
        raise ValueError(f"limit is {value!r}; give a number of elements, 0 or more")
    return int(value)


def retryable_of(value: object) -> bool | UnsetType:
    """Whether a repetition can help, if the program says it."""
    if value is None:
        return UNSET
    if not isinstance(value, bool):
        raise ValueError(f"retryable is {value!r}; use True, False or None")
    return value
