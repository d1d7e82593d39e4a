"""The client dialect of v0: the suite is a server without numbers."""

from collections.abc import Iterator
from dataclasses import replace

from hypothesis.strategies import SearchStrategy

from streamops_conformance.model.transcript import Transcript
from streamops_conformance.target.started import Unreachable
from streamops_conformance.testee.command import TesteeCommand
from streamops_conformance.v0.client.checks import CLIENT
from streamops_conformance.v0.client.generate import cases, exchanges
from streamops_conformance.v0.client.judge import (
    Cause,
    Frame,
    Played,
    frames_of,
    judge_v0_client,
    of_frames,
)
from streamops_conformance.v0.client.runner import mounted, run_sequences
from streamops_conformance.v1.client.dialect import ClientDialect
from streamops_conformance.v1.client.runner import Play
from streamops_conformance.v1.client.sequence import SequenceSpec
from streamops_conformance.v1.server.transcript_state import Judgement


class ClientDialectV0(ClientDialect):
    """Implements `run.dialect.Dialect`. Starting, watching and ending testees is as in v1."""

    registry = CLIENT
    greeting = "mount"

    async def _meet(self, play: Play) -> frozenset[str]:
        if self._shows != "document":
            raise Unreachable(f"{play.testee.ready['name']} shows no document, and v0 speaks of nothing else")
        await play.mount("")
        await mounted(play, "")
        return frozenset()

    async def run(self, running: TesteeCommand, specs: list[SequenceSpec]) -> list[Played]:  # type: ignore[override]  # noqa: ARG002  # reason: each dialect has its own example
        """Run them; what is wrong is run again in plainer forms, until it is known by what it is wrong."""
        played = await run_sequences(self._stage, specs)
        for cause in Cause:
            forms = {
                index: plainer
                for index, each in enumerate(played)
                if each.cause is None
                and not each.silent
                and self.judge(each).broken
                and (plainer := cause.without(each.spec))
            }
            others = iter(
                await run_sequences(self._stage, [each for form in forms.values() for each in form])
            )
            for index, form in forms.items():
                found = [next(others) for _ in form]
                wrong = [each for each in found if self.judge(each).broken]
                if wrong:
                    played[index] = wrong[0]
                else:
                    played[index].cause = cause
        return played

    def judge(self, case: Played) -> Judgement:  # type: ignore[override]  # reason: a dialect has cases of its own
        return judge_v0_client(CLIENT, case)

    def judge_wire(self, transcript: Transcript) -> Judgement:  # noqa: ARG002  (the protocol of all dialects)
        """Nothing: v0 says nothing of what a client sends."""
        return Judgement()

    def cases(self, agreed: frozenset[str]) -> SearchStrategy[SequenceSpec]:  # noqa: ARG002  (the protocol of all dialects)
        return cases()

    def classics(self, agreed: frozenset[str]) -> list[SequenceSpec]:  # noqa: ARG002  (the protocol of all dialects)
        return exchanges()

    def size(self, spec: SequenceSpec) -> tuple[int, ...]:
        frames = frames_of(spec)
        ops = sum(len(frame["ops"]) for frame in frames)
        return ops, len(frames), not spec.paced, len(spec.html) + sum(len(beat.raw) for beat in spec.beats)

    def smaller(self, spec: SequenceSpec) -> Iterator[SequenceSpec]:
        frames = frames_of(spec)
        if not spec.paced:
            yield replace(spec, paced=True)
        names = dict.fromkeys(frame["stream"] for frame in frames)
        plain = "".join(f'<div dj-stream="{name}"></div>' for name in names)
        if len(plain) < len(spec.html):
            yield replace(spec, html=plain)
        yield from (of_frames(spec, made) for made in _without_some(frames) if made)
        for number, frame in enumerate(frames):
            for ops in (*_without_some(frame["ops"]), *_shorter(frame["ops"])):
                if ops:
                    yield of_frames(spec, [*frames[:number], {**frame, "ops": ops}, *frames[number + 1 :]])


def _without_some(kept: list[Frame]) -> Iterator[list[Frame]]:
    """Without each half, each quarter, … each single one."""
    width = len(kept)
    while width >= 1:
        yield from ([*kept[:begin], *kept[begin + width :]] for begin in range(0, len(kept), width))
        width //= 2


def _shorter(ops: list[Frame]) -> Iterator[list[Frame]]:
    for index, op in enumerate(ops):
        if len(op.get("text", "")) > 1:
            yield [*ops[:index], {**op, "text": op["text"][0]}, *ops[index + 1 :]]
