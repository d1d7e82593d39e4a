"""Faults in errors, in what they say and do: chapter 7.

Patches, because these are not on the wire: the text of an exception, and a call that has to raise.
"""

from collections.abc import Callable
from typing import Any

from streamops_server import view_runner
from streamops_server.core.ops import Op
from streamops_server.core.program import Program

from .table import FEW, fault, instead

Real = Callable[..., Any]
Slots = list[tuple[Op, int]]


@fault("ERR-4", examples=FEW)
def the_text_of_an_exception_goes_out() -> None:
    @instead(view_runner, "explain")
    def explain(real: Real, error: Exception) -> tuple[str, str]:
        return real(error)[0], str(error)


@fault("ERR-3")
def a_bad_argument_is_the_clients_fault() -> None:
    @instead(view_runner, "explain")
    def explain(real: Real, error: Exception) -> tuple[str, str]:
        return ("bad_params", str(error)) if isinstance(error, ValueError) else real(error)


@fault("ERR-9", examples=FEW)
def an_unknown_code_becomes_app_error() -> None:
    @instead(Program, "error")
    def error(
        real: Real, self: Program, caller: object, name: str, message: str, code: str, *rest: Any
    ) -> None:
        try:
            real(self, caller, name, message, code, *rest)
        except ValueError:
            real(self, caller, name, message, "app_error", *rest)
