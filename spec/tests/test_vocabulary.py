"""The client's vocabulary is what its sources make of it."""

import re

from streamops_spec import load_protocol, vocabulary


def test_the_committed_module_is_the_generated_one():
    message = "js_client/src/vocabulary.js is stale: run python -m streamops_spec.vocabulary"
    assert vocabulary.path().read_text(encoding="utf-8") == vocabulary.text(), message


def test_it_has_a_shape_for_every_frame_that_a_server_sends_and_every_operation():
    text = vocabulary.text()
    protocol = load_protocol()
    for name in [frame for frame, kind in protocol.frames.items() if "server" in kind.from_]:
        assert (f"\n  {name}: {{" in text) is (name != "view")  # whose shape is loaded with the code of views
    assert "\nexport const VIEW = {" in text
    for op in protocol.ops:
        assert f"\n  {op}: {{" in text


def test_it_knows_every_close_code_and_its_verdict():
    text = vocabulary.text()
    [back] = re.findall(r"BACK = /(.+)/;", text)
    for close in load_protocol().close_codes.values():
        for number in (close.close, *close.also):
            assert bool(re.search(back, str(number))) is close.retryable
