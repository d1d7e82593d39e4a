"""Tests the reference server and the clients of this project many times, on an idle and a busy machine.

A flaky suite is worse than none: `make stress` shows that the verdicts are stable. Each run has its own
seed, so the runs also use different scripts.
"""

import multiprocessing
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import typer
from rich.progress import track

WORTH = re.compile(r"(\d+) (?:scripts|sequences), (\d+) examples per second")
TESTEES = Path(__file__).parent / "testees"
TARGETS = {
    "server": ("server",),
    "jsdom": ("client", "--", "node", str(TESTEES / "jsdom" / "testee.mjs")),
    "chromium": ("client", "--", "node", str(TESTEES / "chromium" / "testee.mjs")),
    "tail": ("client", "--", sys.executable, "-m", "streamops_conformance.tail.testee"),
}
"""The arguments of `streamops test` for each name of `--target`."""


def burn() -> None:
    """Keep one core busy until the process ends."""
    while True:
        sum(range(10_000))


def verdict(target: str, seed: int) -> tuple[int, float, str]:
    """Exit code, duration in seconds and output of one run."""
    began = time.perf_counter()
    kind, *rest = TARGETS[target]
    command = [sys.executable, "-m", "streamops_conformance", "test", kind, "--seed", str(seed), *rest]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, time.perf_counter() - began, done.stdout + done.stderr


def rounds(title: str, target: str, runs: int) -> int:
    """Run the suite `runs` times; the number of runs that were not green."""
    red, seconds, rates = 0, [], []
    for seed in track(range(1, runs + 1), title):
        code, taken, said = verdict(target, seed)
        seconds.append(taken)
        found = WORTH.search(said)
        rates.append(int(found[2]) if found else 0)
        if code:
            red += 1
            typer.echo(f"seed {seed}: exit code {code}\n{said}")
    typer.echo(
        f"{title}: {runs - red} of {runs} green, {min(seconds):.1f} to {max(seconds):.1f} s a run,"
        f" {min(rates)} to {max(rates)} examples per second"
    )
    return red


def main(runs: int = 20, busy_runs: int = 20, target: str = "server") -> None:
    """Ends with exit code 1 if a run was not green. `target` is server, jsdom, chromium or tail."""
    if target not in TARGETS:
        raise typer.BadParameter(f"there is no target {target!r}; there are {', '.join(TARGETS)}")
    red = rounds(f"{target}, idle", target, runs) if runs else 0
    burners = [multiprocessing.Process(target=burn, daemon=True) for _ in range(os.cpu_count() or 1)]
    if busy_runs:
        for burner in burners:
            burner.start()
        red += rounds(f"{target}, busy", target, busy_runs)
        for burner in burners:
            burner.terminate()
    raise typer.Exit(1 if red else 0)


if __name__ == "__main__":
    typer.run(main)
