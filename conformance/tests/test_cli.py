"""The command line: verdicts, exit codes, replays, reports."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from streamops_conformance import cli
from streamops_conformance.commands import test
from streamops_conformance.exit_codes import ExitCode
from streamops_spec import load_requirements, load_shapes
from typer.testing import CliRunner

HERE = Path(__file__).parent
SUITE = [sys.executable, "-m", "streamops_conformance"]


def streamops(*arguments: str, timeout: float = 120) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*SUITE, *arguments], capture_output=True, text=True, timeout=timeout, check=False)


def target_file(folder: Path, script: str, *arguments: str) -> Path:
    """A target file that starts a Python script of this folder."""
    command = json.dumps([sys.executable, str(HERE / script), *arguments, "--port", "{port}"])
    path = folder / "target.toml"
    start = f'[start]\ncommand = {command}\nready = "ready"\n'
    path.write_text(f'name = "{script}"\nurl = "ws://127.0.0.1:{{port}}/"\n{start}')
    return path


def baseline_file(folder: Path, *ids: str) -> Path:
    path = folder / "baseline.toml"
    entries = "".join(f'[[known]]\nid = "{each}"\nreason = "known"\n' for each in ids)
    path.write_text(f'spec = "v1"\n{entries}')
    return path


def test_the_reference_server_is_conformant_and_the_report_matches_its_schema(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    done = streamops("test", "server", "--only", "ORD,FRM-1", "--examples", "60", "--json", str(report))
    assert done.returncode == ExitCode.OK, done.stdout + done.stderr
    assert "the reference server is conformant to v1" in done.stdout
    assert "examples per second" in done.stdout
    written = json.loads(report.read_text())
    assert not load_shapes("v1:report").explain(written)
    assert {each["verdict"] for each in written["requirements"]} == {"pass"}
    assert written["examples"] == 60


@pytest.mark.parametrize("fault", ["an_op_is_dropped"])
def test_a_failure_is_shown_in_full_and_its_replay_fails_again(fault: str, tmp_path: Path) -> None:
    config = target_file(tmp_path, "faulty_server.py", fault, "--conformance")
    report = tmp_path / "report.json"
    done = streamops(
        "test",
        "server",
        "--config",
        str(config),
        "--only",
        "ORD-5",
        "--examples",
        "80",
        "--json",
        str(report),
    )
    assert done.returncode == ExitCode.NOT_CONFORMANT, done.stdout + done.stderr
    for word in ("expected", "observed", "script", "transcript", "replay", " ms "):
        assert word in done.stdout
    [failure] = json.loads(report.read_text())["requirements"][0]["failures"]
    assert sum(entry.get("wrong", False) for entry in failure["transcript"]) == 1
    assert len(failure["script"]["scripts"][0]) <= 3
    words = shlex.split(failure["replay"])
    assert words[0] == "streamops"
    again = streamops(*words[1:])
    assert again.returncode == ExitCode.NOT_CONFORMANT, again.stdout + again.stderr
    assert "✗ ORD-5" in again.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--only", "NOPE"], "names no requirement"),
        (["http://127.0.0.1:1/"], "is not a URL"),
        (["ws://127.0.0.1:1/", "--config", "x.toml"], "not both"),
        (["--config", "no-such-file.toml"], "cannot be read"),
        (["--spec", "v0"], "needs a target file"),
        (["--script", '[{"do": "no such step"}]'], "is not a case"),
        (["--script", "{}"], "is not a case"),
        (["--baseline", "no-such-file.toml"], "cannot be read"),
        (["--examples", "0"], "Invalid value"),
        (["--no-such-option"], "No such option"),
    ],
)
def test_wrong_usage_names_the_correct_usage(arguments: list[str], words: str) -> None:
    done = streamops("test", "server", *arguments)
    assert done.returncode == ExitCode.USAGE
    assert words in done.stderr


def test_a_malformed_target_file_is_wrong_usage(tmp_path: Path) -> None:
    path = tmp_path / "target.toml"
    for text, words in (("name = ", "is not TOML"), ('name = "x"', "the shape is urn:streamops:v1:target")):
        path.write_text(text)
        done = streamops("test", "server", "--config", str(path))
        assert done.returncode == ExitCode.USAGE
        assert words in done.stderr


def test_a_fault_of_the_suite_gives_no_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("the suite's own")

    monkeypatch.setattr(test, "run", broken)
    done = CliRunner().invoke(cli.app, ["test", "server"])
    assert done.exit_code == ExitCode.SUITE_FAULT
    assert "says nothing about the target" in done.output


def test_a_target_that_is_not_there_is_unreachable() -> None:
    done = streamops("test", "server", "ws://127.0.0.1:9/")
    assert done.returncode == ExitCode.UNREACHABLE
    assert "nothing answers at" in done.stderr


def test_a_target_that_ends_before_it_is_ready_is_unreachable(tmp_path: Path) -> None:
    path = tmp_path / "target.toml"
    path.write_text(
        f'name = "x"\nurl = "ws://127.0.0.1:{{port}}/"\n[start]\n'
        f'command = ["{sys.executable}", "-c", "print(\'last words\')"]\nready = "ready"\n'
    )
    done = streamops("test", "server", "--config", str(path))
    assert done.returncode == ExitCode.UNREACHABLE
    assert "last words" in done.stderr


@pytest.mark.parametrize("answers", ["0", "1", "30"])
def test_a_wedged_target_ends_the_run(answers: str, tmp_path: Path) -> None:
    config = target_file(tmp_path, "wedged_server.py", answers)
    done = streamops("test", "server", "--config", str(config), "--only", "ORD")
    assert done.returncode == ExitCode.UNREACHABLE, done.stdout + done.stderr


def test_a_known_failure_is_accepted_and_a_stale_one_is_reported(tmp_path: Path) -> None:
    config = target_file(tmp_path, "faulty_server.py", "an_op_is_dropped", "--conformance")
    run = ["test", "server", "--config", str(config), "--only", "ORD-5,ORD-2", "--examples", "60"]
    for ids, code, words in (
        (["ORD-5"], ExitCode.OK, "known failures: ORD-5"),
        (["ORD-2", "ORD-5"], ExitCode.BASELINE, "stale: these no longer fail, remove them: ORD-2"),
        (["ORD-5", "ORD-999"], ExitCode.BASELINE, "matching no requirement: ORD-999"),
        ([], ExitCode.NOT_CONFORMANT, "new failures: ORD-5"),
    ):
        done = streamops(*run, "--baseline", str(baseline_file(tmp_path, *ids)))
        assert done.returncode == code, done.stdout + done.stderr
        assert words in done.stdout


def test_a_baseline_without_reasons_is_wrong_usage(tmp_path: Path) -> None:
    path = tmp_path / "baseline.toml"
    for text in ('[[known]]\nid = "ORD-1"\n', '[[known]]\nid = "A"\nreason = "r"\n' * 2, "known = "):
        path.write_text(text)
        assert streamops("test", "server", "--baseline", str(path)).returncode == ExitCode.USAGE


def test_a_capability_that_the_target_file_does_not_declare_is_not_asked_for(tmp_path: Path) -> None:
    config = target_file(tmp_path, "faulty_server.py", "every_run_is_called_one", "--conformance")
    config.write_text(f'capabilities = ["html"]\n{config.read_text()}')
    done = streamops("test", "server", "--config", str(config), "--only", "VIEW-1,CNT-3", "--examples", "40")
    assert done.returncode == ExitCode.OK, done.stdout + done.stderr
    assert "VIEW-1 not applicable: the target does not declare view" in done.stdout
    assert "1 pass" in done.stdout


@pytest.mark.parametrize("capabilities", ["[]", '["html"]', '["view"]'])
def test_a_server_with_few_capabilities_can_be_conformant(capabilities: str, tmp_path: Path) -> None:
    command = json.dumps([sys.executable, "-m", "streamops_server", "--conformance", "--port", "{port}"])
    config = tmp_path / "target.toml"
    config.write_text(
        f'name = "few"\ncapabilities = {capabilities}\nurl = "ws://127.0.0.1:{{port}}/"\n'
        f'[start]\ncommand = {command}\nready = "ready"\n'
    )
    areas = "BAT,CNT,LIF,ORD,VIEW,ERR,FRM,FWD,LIM"
    done = streamops("test", "server", "--config", str(config), "--only", areas, "--examples", "300")
    assert done.returncode == ExitCode.OK, done.stdout + done.stderr


def test_list_shows_every_requirement_with_its_check() -> None:
    rows = json.loads(streamops("list", "--json").stdout)
    assert {row["id"] for row in rows} == {*load_requirements("v1"), *load_requirements("v0")}
    assert all(row["checks"]["server"] for row in rows if row["id"] == "ORD-1")
    done = streamops("list")
    assert "not checked: none" in done.stdout
    assert re.search(r"\bFLW-1\b", done.stdout)


def test_explain_shows_text_place_and_checks() -> None:
    done = streamops("explain", "bat-4")
    assert done.returncode == 0
    for words in (
        "BAT-4 MUST for servers",
        "never joined",
        "06-batching.md",
        "html is never joined",
        "v1/server/checks/batching.py:",
    ):
        assert words in done.stdout
    done = streamops("explain", "BAT-99")
    assert done.returncode == ExitCode.USAGE
    assert "BAT-4" in done.stderr
