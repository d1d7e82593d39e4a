"""The page of the guide's examples includes every file of them, each once."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples" / "guide"
PAGE = (ROOT / "docs" / "guide" / "index.md").read_text(encoding="utf-8")
FOLDERS = [path.parent for path in sorted(EXAMPLES.glob("*/views.py"))]


def test_the_page_includes_every_file_once() -> None:
    files = [path for path in EXAMPLES.rglob("*") if path.suffix in {".html", ".css", ".js"}]
    names = [str(path.relative_to(EXAMPLES)) for path in files + [each / "views.py" for each in FOLDERS]]
    assert sorted(re.findall(r"^<!-- example: (\S+) -->$", PAGE, re.MULTILINE)) == sorted(names)


def test_every_example_has_its_section_and_its_test() -> None:
    assert len(FOLDERS) == 13
    for folder in FOLDERS:
        assert f"{{ #{folder.name} }}" in PAGE
        assert (ROOT / "examples" / "tests" / f"guide.{folder.name}.test.mjs").is_file()
