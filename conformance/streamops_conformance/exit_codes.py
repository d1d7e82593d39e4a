"""The exit codes of every command: what a CI job needs to tell apart."""

from enum import IntEnum


class ExitCode(IntEnum):
    """What a command ends with."""

    OK = 0
    """Conformant, or nothing wrong was found."""
    NOT_CONFORMANT = 1
    """A MUST is broken."""
    USAGE = 2
    """The command line or a file cannot be used."""
    SUITE_FAULT = 3
    """The suite itself failed: this says nothing about the target."""
    UNREACHABLE = 4
    """The target does not start, does not answer, or stopped answering."""
    BASELINE = 5
    """The list of known failures is stale, or names an unknown requirement."""
    INTERRUPTED = 130
    """Ended by Ctrl-C."""
