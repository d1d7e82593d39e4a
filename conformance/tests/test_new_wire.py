"""The cost of a new wire: a folder of code and a line in the table, besides its chapters in `spec/`."""

import json
import socket
import textwrap
from pathlib import Path

import pytest
from streamops_conformance import cli
from streamops_conformance.exit_codes import ExitCode
from streamops_conformance.wires.table import WIRES
from streamops_spec import requirements, spec_root
from typer.testing import CliRunner

FOLDER = {
    "__init__.py": '"""An empty wire."""',
    "wire.py": '''
        """A wire without checks for servers."""

        from hypothesis import strategies
        from streamops_conformance.model.case import CaseSpec
        from streamops_conformance.model.judgement import Judgement
        from streamops_conformance.model.probe_notes import ProbeNotes
        from streamops_conformance.model.registry import Registry
        from streamops_conformance.wires.sides import ServerSide, Wire

        SERVER = Registry("x")


        class Dialect:
            registry = SERVER

            def __init__(self, running):
                self.under_test = running

            async def preflight(self):
                return frozenset()

            async def alive(self):
                pass

            async def run(self, specs):
                return []

            def judge(self, case):
                return Judgement()

            def judge_wire(self, transcript):
                return Judgement()

            def cases(self, agreed):
                return strategies.nothing()

            def classics(self, agreed):
                return []

            def timing(self, case):
                return {}

            def probes_at_once(self):
                return 1

            def probe_context(self, agreed, seed):
                return ProbeNotes()

            def inapplicable(self, requirement):
                return ""

            def size(self, spec):
                return (0,)

            def smaller(self, spec):
                return iter(())

            async def close(self):
                pass


        WIRE = Wire(ServerSide(SERVER, Dialect, CaseSpec.from_json, examples=10))
    ''',
}


@pytest.fixture
def empty_wire(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "wire_x"
    folder.mkdir()
    for name, text in FOLDER.items():
        (folder / name).write_text(textwrap.dedent(text))
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setitem(WIRES, "x", "wire_x.wire")
    chapters = tmp_path / "spec"
    (chapters / "x").mkdir(parents=True)
    for spec in ("v1", "v0"):
        (chapters / spec).symlink_to(spec_root() / spec)
    monkeypatch.setattr(requirements, "spec_root", lambda: chapters)
    requirements.load_requirements.cache_clear()


@pytest.mark.usefixtures("empty_wire")
def test_an_empty_wire_is_a_folder_and_a_line(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"ws://127.0.0.1:{server.getsockname()[1]}/"
        done = CliRunner().invoke(cli.app, ["test", "server", url, "--spec", "x", "--json", str(report)])
    assert done.exit_code == ExitCode.OK, done.output
    assert json.loads(report.read_text())["spec"] == "x"


@pytest.mark.usefixtures("empty_wire")
def test_a_side_that_a_wire_does_not_have_is_wrong_usage() -> None:
    done = CliRunner().invoke(cli.app, ["test", "client", "--spec", "x", "--", "true"])
    assert done.exit_code == ExitCode.USAGE
    assert "does not test clients of x" in done.output


def test_without_its_line_a_wire_is_unknown() -> None:
    done = CliRunner().invoke(cli.app, ["test", "server", "--spec", "x"])
    assert done.exit_code == ExitCode.USAGE
