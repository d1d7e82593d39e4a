"""Generates prose that arrives as from a language model: pieces of words, in bursts, with pauses between.

Rule 1: the same prompt and seed give the same tokens and the same delays, on every machine.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator
from random import Random
from typing import NamedTuple


class Token(NamedTuple):
    """A piece of text, and the seconds that pass before it."""

    delay: float
    text: str


_OPENINGS = [
    "Good question.",
    "Let me think about that for a moment.",
    "There is a short answer and a longer one.",
    "It depends, but the heart of it is simple.",
]

_TOPICS: dict[str, list[str]] = {
    "lose lost loss missing order token tokens": [
        "Tokens are usually lost at a seam, where one part of a system hands them to the next.",
        "A timer that sends the last batch may fire after the reply, or never.",
        "A page that is redrawn while text is on its way can throw away what it had already shown.",
        "The cure is to number every operation, so that a gap can be seen at once and nobody has to guess.",
        "When the stream is done, the count says whether everything arrived.",
    ],
    "fast slow speed quick performance batch latency": [
        "Speed here comes mostly from doing less.",
        "Sixty small updates in a second look the same as a thousand, so the server may join what waits.",
        "Joining must not change the result: two pieces of text become one, in the same order.",
        "On the page the new words are appended and nothing else is touched, so a long answer costs no more "
        "per word than a short one.",
        "The reader sees a steady flow, and the machine stays cool.",
    ],
    "error errors fail failure wrong broken retry": [
        "Things go wrong in the middle of an answer more often than before it.",
        "What was written so far is often the most useful thing on the screen, so it should stay there.",
        "The error belongs beside the text and never inside it.",
        "Then a second try can begin, and the first one is neither hidden nor mixed up with it.",
        "A spinner that turns for ever is the worst of all messages.",
    ],
    "sea tide water weather river rain story": [
        "The tide came in before the light did.",
        "By the time the harbour woke, the small boats had all turned to face the same way, as if "
        "somebody had called them.",
        "An old man was counting them from the wall, slowly, and moving his lips.",
        "He had done so every morning for thirty years, and not once had the number been wrong.",
        "Today there was one boat more.",
    ],
}  # fmt: skip

_GENERAL = [
    "A stream is open exactly while something is producing it.",
    "Whatever writes into it has an owner, and when the owner ends the stream ends with it.",
    "That sounds strict, yet it takes work away: nobody has to remember to close anything.",
    "The page in front of you shows a prefix of what the program wrote, and that prefix only ever grows.",
    "You can watch this in the panel of frames, where every operation has its number.",
    "If you press Stop, the work itself is cancelled, and what you have read so far stays.",
    "Ask me about speed, about errors, or about lost tokens, or ask for a story about the sea.",
]


def compose(prompt: str, seed: int = 0) -> str:
    """The whole answer: an opening, and sentences about the topics that the prompt mentions."""
    words = set(re.findall(r"[a-z]+", prompt.lower()))
    about = [text for names, text in _TOPICS.items() if words & set(names.split())]
    random = Random(f"{seed}:{prompt}")
    sentences = [random.choice(_OPENINGS)]
    for text in about:
        sentences += text
    sentences += random.sample(_GENERAL, 3) if about else _GENERAL
    return " ".join(sentences)


def tokens(prompt: str, seed: int = 0) -> list[Token]:
    """The answer in tokens; their texts together are `compose(prompt, seed)`."""
    random = Random(f"{seed}:{prompt}:time")
    found: list[Token] = []
    burst = 0
    for word in re.findall(r"\s*\S+", compose(prompt, seed)):
        for piece in _pieces(word, random):
            if not found:
                delay = random.uniform(0.25, 0.5)  # the model reads the question
            elif burst:
                delay = random.uniform(0.004, 0.03)
            else:
                delay = random.uniform(0.05, 0.2)
                burst = random.randint(3, 14)
            burst -= 1
            found.append(Token(delay, piece))
        if word.endswith((".", ":")):
            burst = 0
    return found


async def generate(prompt: str, seed: int = 0, pace: float = 1.0) -> AsyncGenerator[str, None]:
    """The texts of the tokens, each at its time. `pace` multiplies the delays; 0 leaves them out."""
    for token in tokens(prompt, seed):
        await asyncio.sleep(token.delay * pace)
        yield token.text


def _pieces(word: str, random: Random) -> list[str]:
    """A word as a tokenizer might cut it: a short one whole, a long one in two."""
    if len(word) <= 7:
        return [word]
    cut = random.randint(3, len(word) - 3)
    return [word[:cut], word[cut:]]
