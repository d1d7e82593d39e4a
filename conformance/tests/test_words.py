"""The text of operations in a report."""

from streamops_conformance.v1.format_ops import in_words

OWN = "[dj-stream='s']"


def test_operations_as_text_in_a_report() -> None:
    ops = [
        {"op": "start", "target": OWN, "run": 1},
        {"op": "text", "target": OWN, "text": 'a "b"\n', "mode": "append"},
        {"op": "text", "target": "#c", "text": "", "mode": "replace"},
        {"op": "prepend", "target": OWN, "html": "<p>"},
        {"op": "prune", "target": OWN, "limit": 2, "edge": "top"},
        {"op": "error", "target": OWN, "error": "no", "code": "timeout"},
        {"op": "delete", "target": OWN},
        {"op": "done", "target": OWN, "reason": "complete", "text_len": 3},
    ]
    assert in_words(ops, OWN) == (
        '[start run 1, text "a \\"b\\"\\n", text replace "" on #c, prepend "<p>", prune limit 2 top,'
        ' error timeout "no", delete, done complete text_len 3]'
    )


def test_long_frames_and_texts_are_cut_in_the_middle() -> None:
    many = [{"op": "text", "target": OWN, "text": str(n), "mode": "append"} for n in range(100)]
    text = in_words(many, OWN)
    assert text.startswith('[text "0", ')
    assert text.endswith('text "99"]')
    assert "… 89 more …" in text
    assert len(in_words([{"op": "text", "target": OWN, "text": "x" * 9000}], OWN)) < 250


def test_no_operations_are_an_empty_list() -> None:
    assert in_words([]) == "[]"
