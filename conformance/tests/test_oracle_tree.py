"""Trees: one normal form for documents of the oracle and for dumps."""

import turbohtml
from streamops_conformance.oracle.tree import elements, in_html, of_dump, of_html, stream_element


def element(tag: str, *children: dict, **attrs: str) -> dict:
    return {
        "tag": tag,
        "attrs": {name.replace("_", "-"): value for name, value in attrs.items()},
        "children": [*children],
    }


def test_adjacent_texts_are_joined_and_empty_texts_are_dropped() -> None:
    split = [
        element(
            "p", {"text": ""}, {"text": "a"}, {"text": ""}, {"text": "b"}, {"comment": "c"}, {"text": "d"}
        )
    ]
    assert of_dump(split) == of_html(turbohtml.parse_fragment("<p>ab<!--c-->d</p>"))


def test_the_order_and_kind_of_attributes_do_not_matter() -> None:
    dumped = [element("input", type="text", disabled="", **{"class": "x y"})]
    assert of_dump(dumped) == of_html(turbohtml.parse_fragment('<input class="x y" disabled type=text>'))


def test_the_additions_of_the_client_are_removed() -> None:
    marked = element(
        "p",
        dj_stream="a",
        data_stream_active="",
        aria_busy="true",
        data_stream_error="",
        data_loading_class="busy",
        **{"class": "mine busy"},
    )
    plain = element("p", dj_stream="a", data_loading_class="busy", **{"class": "mine"})
    assert of_dump([marked]) == of_dump([plain])
    only = element("p", data_loading_class="busy", **{"class": "busy"})
    assert of_dump([only]) == of_dump([element("p", data_loading_class="busy")])


def test_an_alert_inside_a_stream_is_content() -> None:
    alert = element("div", {"text": "no"}, role="alert")
    assert of_dump([alert]) == ()
    assert of_dump([element("p", alert, dj_stream="a")]) != of_dump([element("p", dj_stream="a")])


def test_the_first_element_of_a_stream_is_found() -> None:
    nodes = [
        {"text": "t"},
        element("div", element("p", {"text": "1"}, dj_stream="a")),
        element("p", dj_stream="a"),
    ]
    found = stream_element(nodes, "a")
    assert found is not None
    assert found["children"] == [{"text": "1"}]
    assert stream_element(nodes, "b") is None
    assert [each["tag"] for each in elements(nodes)] == ["div", "p", "p"]


def test_a_tree_is_shown_as_html() -> None:
    html = '<p disabled class="x">1 &lt; 2<!--c--><b></b></p>'
    assert (
        in_html(of_html(turbohtml.parse_fragment(html)))
        == '<p class="x" disabled>1 &lt; 2<!--c--><b></b></p>'
    )
