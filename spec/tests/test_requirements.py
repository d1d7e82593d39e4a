"""The requirement lines: every one parses, and nothing else in the prose looks like one."""

import re

import pytest
from streamops_spec import AREAS, load_protocol, load_requirements, spec_root
from streamops_spec import requirements as module
from streamops_spec.requirements import parse_chapter

CHAPTERS = sorted(spec_root().glob("v*/*.md"))
EVERY = [*load_requirements("v1").values(), *load_requirements("v0").values()]
GOOD = "> **ORD-2** server MUST [html, view]: Something holds. — Observed: somewhere."


def chapter(tmp_path, *lines):
    path = tmp_path / "05-sequencing.md"
    path.write_text("# 5. Sequencing\n\n" + "\n\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_v1_has_about_a_hundred_and_v0_a_dozen():
    assert len(load_requirements("v1")) >= 100
    assert len(load_requirements("v0")) >= 12


def test_no_id_is_used_in_two_versions():
    assert not load_requirements("v1").keys() & load_requirements("v0").keys()


def test_every_area_has_requirements():
    assert {requirement.area for requirement in EVERY} == AREAS.keys()


@pytest.mark.parametrize("spec", ["v1", "v0"])
def test_the_numbers_of_an_area_have_no_hole(spec):
    """They stand where the prose speaks of them, so a chapter need not have them in order."""
    numbers: dict[str, list[int]] = {}
    for requirement in load_requirements(spec).values():
        numbers.setdefault(requirement.area, []).append(requirement.number)
    first = {"v1": 1, "v0": 101}[spec]
    for area, found in numbers.items():
        assert sorted(found) == list(range(first, first + len(found))), area


def test_the_list_has_each_chapter_in_the_order_of_the_numbers():
    found = [each for each in load_requirements("v1").values() if each.chapter == "09-flow-control.md"]
    assert [each.number for each in found] == sorted(each.number for each in found)


def test_needed_capabilities_exist():
    assert {cap for requirement in EVERY for cap in requirement.needs} <= load_protocol().capabilities.keys()


def prose(path):
    """The lines of a chapter outside of fenced blocks and requirement lines, without code spans."""
    fenced = False
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("```"):
            fenced = not fenced
        elif not fenced and not line.startswith("> **"):
            yield re.sub(r"`[^`]*`", "", line)


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_the_keywords_stand_only_in_requirement_lines(path):
    for line in prose(path):
        assert not re.search(r"\b(MUST|SHOULD|SHALL|MAY|REQUIRED|RECOMMENDED)\b", line), line
        assert "Observed:" not in line


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_an_id_that_is_mentioned_exists(path):
    ids = {requirement.id for requirement in EVERY}
    for line in prose(path):
        for mention in re.findall(rf"\b(?:{'|'.join(AREAS)})-\d+\b", line):
            assert mention in ids


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_links_lead_to_files(path):
    for link in re.findall(r"\]\(([^)#]+)[^)]*\)", path.read_text(encoding="utf-8")):
        assert (path.parent / link).is_file(), link


def test_a_line_is_read_whole(tmp_path):
    (found,) = parse_chapter(chapter(tmp_path, "prose", GOOD, "> a quotation"), "v1")
    assert (found.id, found.area, found.role, found.keyword) == ("ORD-2", "ORD", "server", "MUST")
    assert found.needs == ("html", "view")
    assert found.text == "Something holds."
    assert found.observed == "somewhere."
    assert (found.spec, found.chapter, found.line) == ("v1", "05-sequencing.md", 5)


@pytest.mark.parametrize(
    "line",
    [
        GOOD.replace("ORD", "XYZ"),
        GOOD.replace("server", "gateway"),
        GOOD.replace("MUST", "MIGHT"),
        GOOD.replace("MUST", "must"),
        GOOD.replace(" — Observed: somewhere.", ""),
        GOOD.replace("Something holds.", ""),
        GOOD.replace("[html, view]", "[HTML]"),
        GOOD.replace("[html, view]:", "[html, view]"),
        GOOD.replace(" — ", " - "),
    ],
)
def test_a_malformed_line_is_refused_with_its_place(tmp_path, line):
    with pytest.raises(ValueError, match=r"05-sequencing\.md:3: this is not a requirement line"):
        parse_chapter(chapter(tmp_path, line), "v1")


def test_a_requirement_speaks_of_its_role_and_both_of_each(tmp_path):
    server, both = parse_chapter(
        chapter(tmp_path, GOOD, GOOD.replace("ORD-2", "ORD-3").replace("server", "both")), "v1"
    )
    assert server.speaks_of("server")
    assert not server.speaks_of("client")
    assert both.speaks_of("server")
    assert both.speaks_of("client")


def test_an_unknown_version_is_refused():
    with pytest.raises(ValueError, match="specification 'v9' does not exist; use v1 or v0"):
        load_requirements("v9")


def test_an_id_used_twice_is_refused_with_both_places(tmp_path, monkeypatch):
    (tmp_path / "v7").mkdir()
    path = chapter(tmp_path / "v7", GOOD, GOOD)
    monkeypatch.setattr(module, "spec_root", lambda: tmp_path)
    with pytest.raises(ValueError, match=rf"ORD-2 is used in {path.name}:3 and in {path.name}:5"):
        load_requirements("v7")
