"""The command `streamops test client`: verdicts, exit codes, replays, reports."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from streamops_conformance.exit_codes import ExitCode
from streamops_spec import load_shapes

HERE = Path(__file__).parent
SUITE = [sys.executable, "-m", "streamops_conformance", "test", "client"]
TAIL = [sys.executable, "-m", "streamops_conformance.tail.testee"]
JSDOM = ["node", str(HERE.parent / "testees" / "jsdom" / "testee.mjs")]
SCRIPTED = '{"caps": [], "scripts": [[{"do": "push_state"}]]}'
FAULTY = ["node", str(HERE / "faulty_testee.mjs"), "an_op_is_skipped"]


def streamops(*arguments: str, timeout: float = 120) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*SUITE, *arguments], capture_output=True, text=True, timeout=timeout, check=False)


@pytest.mark.parametrize(
    ("testee", "verdicts"), [(TAIL, {"pass", "not applicable"}), (JSDOM, {"pass"})], ids=["tail", "jsdom"]
)
def test_a_correct_client_is_conformant_and_the_report_matches_its_schema(
    testee: list[str], verdicts: set[str], tmp_path: Path
) -> None:
    report = tmp_path / "report.json"
    done = streamops("--only", "CLI-1,FRM,CON-12", "--examples", "150", "--json", str(report), "--", *testee)
    assert done.returncode == ExitCode.OK, done.stdout + done.stderr
    assert "150 sequences" in done.stdout
    written = json.loads(report.read_text())
    assert not load_shapes("v1:report").explain(written)
    assert written["role"] == "client"
    assert {each["verdict"] for each in written["requirements"]} == verdicts


def test_a_client_is_not_tested_for_capabilities_that_it_does_not_offer(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    done = streamops("--only", "FLW,RES", "--examples", "1", "--json", str(report), "--", *TAIL)
    assert done.returncode == ExitCode.OK, done.stdout + done.stderr
    verdicts = {each["id"]: each["verdict"] for each in json.loads(report.read_text())["requirements"]}
    assert verdicts.pop("RES-14") == "pass"  # a case in which the session ends
    assert set(verdicts.values()) == {"not applicable"}, verdicts


def test_a_failure_is_shown_with_its_script_and_its_replay_fails_again(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    done = streamops("--only", "CLI-1", "--examples", "240", "--json", str(report), "--", *FAULTY)
    assert done.returncode == ExitCode.NOT_CONFORMANT, done.stdout + done.stderr
    (failure,) = json.loads(report.read_text())["requirements"][0]["failures"]
    assert not load_shapes("v1:sequence").explain(failure["script"])
    assert sum(map(len, failure["script"]["scripts"])) == 1, failure["script"]
    assert [line for line in failure["transcript"] if line.get("wrong")]
    words = shlex.split(failure["replay"])
    assert words[:3] == ["streamops", "test", "client"]
    again = streamops(*words[3:])
    assert again.returncode == ExitCode.NOT_CONFORMANT, again.stdout + again.stderr
    assert "1 sequences" in again.stdout


def test_a_handwritten_exchange_has_a_replay_too(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    fault = ["node", str(HERE / "faulty_testee.mjs"), "a_gap_is_jumped_over"]
    streamops("--only", "CLI-3", "--examples", "60", "--json", str(report), "--", *fault)
    (failure,) = json.loads(report.read_text())["requirements"][0]["failures"]
    assert "messages" in failure["script"]
    again = streamops(*shlex.split(failure["replay"])[3:])
    assert again.returncode == ExitCode.NOT_CONFORMANT, again.stdout + again.stderr


def test_the_same_seed_plays_the_same_sequences(tmp_path: Path) -> None:
    found = []
    for number in range(2):
        report = tmp_path / f"{number}.json"
        streamops("--only", "CLI-1", "--examples", "240", "--seed", "7", "--json", str(report), "--", *FAULTY)
        (requirement,) = json.loads(report.read_text())["requirements"]
        found.append((requirement["verdict"], requirement["failures"][0]["script"]))
    assert found[0] == found[1]


def test_known_and_new_failures_are_distinguished(tmp_path: Path) -> None:
    known = tmp_path / "known.toml"
    known.write_text('[[known]]\nid = "CLI-1"\nreason = "it skips"\n')
    asked = ("--only", "CLI-1,CLI-2", "--examples", "240", "--baseline", str(known), "--")
    assert streamops(*asked, *FAULTY).returncode == ExitCode.OK
    assert streamops(*asked, *TAIL).returncode == ExitCode.BASELINE


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ([], "give a command after --, or --listen"),
        (["--listen", "--", "true"], "give a command after --, or --listen"),
        (["--only", "NOPE", "--", "true"], "names no requirement"),
        (["--script", "[", "--", "true"], "--script is not a case"),
        (["--script", "[]", "--", "true"], "--script is not a case"),
        (
            ["--spec", "v0", "--script", SCRIPTED, "--", "true"],
            "a list of `stream` frames",
        ),
        (["--json", "/nowhere/x.json", "--", "true"], "there is no folder"),
        (["--baseline", "/nowhere.toml", "--", "true"], "cannot be read"),
    ],
)
def test_wrong_usage_names_the_correct_usage(arguments: list[str], text: str) -> None:
    done = streamops(*arguments)
    assert done.returncode == ExitCode.USAGE, done.stdout + done.stderr
    assert text in done.stderr


NONSENSE = """
import json, sys
from websockets.sync.client import connect

with connect(sys.argv[1]) as control:
    control.send(json.dumps({"type": "ready", "name": "nonsense", "shows": "text"}))
    for message in control:
        asked = json.loads(message)
        if asked["type"] == "case":
            client = connect(asked["url"], subprotocols=["streamops.v1"])
            client.send(json.dumps({"type": "hello", "caps": [], "limits": {}}))
        elif asked["type"] == "dump":
            control.send(json.dumps({"type": "dumped", "case": asked["case"], "text": {}}))
"""


def test_a_testee_that_breaks_the_contract_is_told_what_is_missing() -> None:
    done = streamops("--examples", "1", "--only", "CLI-1", "--", sys.executable, "-c", NONSENSE)
    assert done.returncode == ExitCode.UNREACHABLE, done.stdout + done.stderr
    assert "breaks the testee contract" in done.stderr
    assert "streams" in done.stderr


def test_one_control_connection_is_enough() -> None:
    one = ["node", "--eval", ONE, str(HERE.parent / "testees")]
    only = "CLI-1,CLI-2,CLI-15,CLI-25,CON-12,FLW-5,RES-16,RES-17"
    done = streamops("--examples", "20", "--only", only, "--", *one, timeout=400)
    assert done.returncode == ExitCode.OK, done.stdout + done.stderr
    assert "8 pass" in done.stdout


ONE = """
const [folder, control] = process.argv.slice(-2);
(async () => {
  const { JSDOM } = await import("jsdom");
  const { connect } = await import(`${folder}/../../js_client/src/index.js`);
  const { answer } = await import(`${folder}/contract.js`);
  const { opener } = await import(`${folder}/streamops.js`);
  const { window } = new JSDOM("<!doctype html>", { url: "http://127.0.0.1/" });
  await answer({ control, window, open: opener(window, connect), name: "one at a time" });
  process.exit(0);
})();
"""


@pytest.mark.parametrize(
    ("command", "text"),
    [
        (["/nowhere/client"], "does not start"),
        ([sys.executable, "-c", "print('no client here')"], "no client here"),
    ],
)
def test_a_testee_that_does_not_connect_is_unreachable(command: list[str], text: str) -> None:
    done = streamops("--examples", "1", "--", *command)
    assert done.returncode == ExitCode.UNREACHABLE, done.stdout + done.stderr
    assert text in done.stderr


def test_a_page_may_be_opened_by_hand() -> None:
    arguments = [*SUITE, "--listen", "--only", "CLI-1", "--examples", "20"]
    suite = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)
    assert suite.stdout is not None
    found = None
    for line in suite.stdout:
        found = re.search(r"ws://\S+", line)
        if found:
            break
    assert found
    page = subprocess.Popen([*TAIL, found[0]])
    rest = suite.stdout.read()
    assert suite.wait(60) == ExitCode.OK, rest
    suite.stdout.close()
    assert page.wait(30) == 0
