"""What explains a requirement, and where it is named."""

from streamops_spec import load_requirements
from streamops_spec.prose import explanation, mentions

V1 = load_requirements("v1")


def test_every_requirement_is_explained_in_its_chapter() -> None:
    for requirement in (*V1.values(), *load_requirements("v0").values()):
        passage = explanation(requirement)
        assert passage.page == requirement.chapter
        assert passage.heading


def test_an_explanation_begins_after_the_last_requirement() -> None:
    passage = explanation(V1["RES-4"])
    assert passage.heading == "Reconnecting"
    assert passage.paragraphs[0].startswith("The client names the session and its cursors.")
    assert "A cursor is valid if it is 0" in passage.paragraphs[-1]
    assert not any("RES-1**" in each for each in passage.paragraphs)


def test_one_text_explains_the_requirements_that_follow_it() -> None:
    assert explanation(V1["RES-15"]) == explanation(V1["RES-4"])


def test_what_names_a_requirement_is_found_in_tables_chapters_and_decisions() -> None:
    found = {passage.page: passage for passage in mentions(V1["CLI-13"])}
    assert "03-content.md" in found
    table = found["13-client.md"].paragraphs
    assert any(each.endswith("refused · CLI-13") for each in table)
    decision = found["specification-examples-and-tooling.md"].paragraphs
    assert [each.split(".")[0] for each in decision] == ["**Context", "**Decision", "**Consequence"]


def test_examples_and_links_are_left_out() -> None:
    for requirement in V1.values():
        for passage in (explanation(requirement), *mentions(requirement)):
            for paragraph in passage.paragraphs:
                assert "```" not in paragraph
                assert "](" not in paragraph
