"""The demo: its views by name, and the folder of its pages."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from streamops_server.demo.chat import AIChat
from streamops_server.demo.log import LiveLog
from streamops_server.demo.mistakes import Mistakes
from streamops_server.demo.steps import Progress
from streamops_server.view import View

SCENES: Final[dict[str, type[View]]] = {
    "AIChat": AIChat,
    "LiveLog": LiveLog,
    "Progress": Progress,
    "Mistakes": Mistakes,
}
PAGES: Final = Path(__file__).parent / "pages"
