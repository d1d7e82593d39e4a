"""The verdict on the reference server many times in a row, idle and with every core busy.

A suite that fails now and then is worse than none: `make stress` shows that this one does not.
Each run has a seed of its own, so the runs also see different scripts.
"""

import multiprocessing
import os
import re
import subprocess
import sys
import time

import typer
from rich.progress import track

WORTH = re.compile(r"(\d+) scripts, (\d+) examples per second")


def burn() -> None:
    """Keep one core busy until the process is ended."""
    while True:
        sum(range(10_000))


def verdict(seed: int) -> tuple[int, float, str]:
    """Exit code, seconds and the last lines of one run."""
    began = time.perf_counter()
    command = [sys.executable, "-m", "streamops_conformance", "test", "server", "--seed", str(seed)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, time.perf_counter() - began, done.stdout + done.stderr


def rounds(title: str, runs: int) -> int:
    """Run the suite `runs` times; returns how many were not green."""
    red, seconds, rates = 0, [], []
    for seed in track(range(1, runs + 1), title):
        code, taken, said = verdict(seed)
        seconds.append(taken)
        found = WORTH.search(said)
        rates.append(int(found[2]) if found else 0)
        if code:
            red += 1
            print(f"seed {seed}: exit code {code}\n{said}")
    print(
        f"{title}: {runs - red} of {runs} green, {min(seconds):.1f} to {max(seconds):.1f} s a run,"
        f" {min(rates)} to {max(rates)} examples per second"
    )
    return red


def main(runs: int = 20, busy_runs: int = 20) -> None:
    """Exit code 1 if any run was not green."""
    red = rounds("idle", runs) if runs else 0
    burners = [multiprocessing.Process(target=burn, daemon=True) for _ in range(os.cpu_count() or 1)]
    if busy_runs:
        for burner in burners:
            burner.start()
        red += rounds("busy", busy_runs)
        for burner in burners:
            burner.terminate()
    raise typer.Exit(1 if red else 0)


if __name__ == "__main__":
    typer.run(main)
