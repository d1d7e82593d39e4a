"""The page of the guide's examples shows the files that run, each of them and nothing else."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples" / "guide"
PAGE = (ROOT / "docs" / "guide" / "index.md").read_text(encoding="utf-8")
SHOWN = dict(re.findall(r'^```\S+ title="(\S+/\S+/?\S*)"\n(.*?)^```$', PAGE, re.MULTILINE | re.DOTALL))
INDEX = "pages/index.html"


def test_every_file_is_shown_as_it_is() -> None:
    files = [path for path in EXAMPLES.glob("*/*/*") if path.suffix in {".html", ".css", ".js"}]
    files = [path for path in files if path.name != "index.html"] + list(EXAMPLES.glob("*/views.py"))
    found = {str(path.relative_to(EXAMPLES)): path.read_text(encoding="utf-8") for path in files}
    assert len(list(EXAMPLES.iterdir())) * 2 <= len(found)
    assert {name: text for name, text in SHOWN.items() if name != INDEX} == found


def test_every_page_is_the_short_one() -> None:
    for path in EXAMPLES.glob(f"*/{INDEX}"):
        text = path.read_text(encoding="utf-8")
        plain = re.sub(r' *<(link|script)[^>]*"(style\.css|hooks\.js)"[^\n]*\n', "", text)
        plain = re.sub(r"<title>.*</title>", "<title>Quick start</title>", plain)
        assert re.sub(r'dj-view="\w+"', 'dj-view="ChatView"', plain) == SHOWN[INDEX], path


def test_every_example_has_its_place_and_its_test() -> None:
    for folder in EXAMPLES.iterdir():
        assert f"{{ #{folder.name} }}" in PAGE
        assert (ROOT / "examples" / "tests" / f"guide.{folder.name}.test.mjs").is_file()
