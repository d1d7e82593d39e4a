"""The schemas and vectors mean the same to ajv, in its strict mode, as to the validators of Python."""

import fcntl
import json
import shutil
import subprocess
from pathlib import Path

import pytest
from streamops_spec import load_shape_vectors, schema_names

NODE = Path(__file__).parents[1] / "node"


def run(*command, cwd=NODE):
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=300, check=False)


@pytest.fixture(scope="session")
def node():
    """The path of node, with the packages that the scripts need installed."""
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            pytest.fail(
                f"{program} is missing: install Node.js 20 or newer, the schemas are checked with ajv too"
            )
    pinned = json.loads((NODE / "package.json").read_text(encoding="utf-8"))["devDependencies"]
    with (NODE / "package.json").open() as lock:  # several test processes may come here at once
        fcntl.flock(lock, fcntl.LOCK_EX)
        if any(installed(package) != version for package, version in pinned.items()):
            done = run("npm", "install", "--package-lock=false", "--no-audit", "--no-fund")
            assert done.returncode == 0, done.stderr
    return shutil.which("node")


def installed(package):
    """The version of a package in node_modules, None where it is not there."""
    manifest = NODE / "node_modules" / package / "package.json"
    return json.loads(manifest.read_text(encoding="utf-8"))["version"] if manifest.is_file() else None


def test_ajv_compiles_every_schema_in_strict_mode_and_agrees_on_every_vector(node):
    done = run(node, "validate.mjs")
    assert done.returncode == 0, done.stderr
    tests = sum(len(group["tests"]) for _, groups in load_shape_vectors() for group in groups)
    assert done.stdout == f"{len(schema_names())} schemas, {tests} vectors, 0 wrong\n"


def test_ajv_goes_red_over_one_broken_vector(node, tmp_path):
    shutil.copytree(NODE.parent, tmp_path / "schemas", ignore=shutil.ignore_patterns("node_modules"))
    (tmp_path / "schemas" / "node" / "node_modules").symlink_to(NODE / "node_modules")
    broken = tmp_path / "schemas" / "vectors" / "v1" / "shapes" / "numbers.json"
    groups = json.loads(broken.read_text(encoding="utf-8"))
    groups[0]["tests"][0]["valid"] = False
    broken.write_text(json.dumps(groups), encoding="utf-8")
    done = run(node, "validate.mjs", cwd=tmp_path / "schemas" / "node")
    assert done.returncode == 1
    assert groups[0]["tests"][0]["description"] in done.stderr


def test_the_asyncapi_document_is_valid_asyncapi(node):
    done = run(node, "asyncapi.mjs")
    assert done.returncode == 0, done.stderr


def test_an_asyncapi_document_with_an_unknown_action_is_refused(node, tmp_path):
    document = json.loads((NODE.parent / "v1" / "asyncapi.json").read_text(encoding="utf-8"))
    document["operations"]["send_view"]["action"] = "shout"
    (tmp_path / "broken.json").write_text(json.dumps(document), encoding="utf-8")
    done = run(node, "asyncapi.mjs", str(tmp_path / "broken.json"))
    assert done.returncode == 1
    assert "send_view" in done.stderr
