"""The dialect for clients of v0: the suite is a server whose frames have no numbers."""

from collections.abc import Iterator
from dataclasses import replace

from hypothesis.strategies import SearchStrategy

from streamops_conformance.model.judgement import Judgement
from streamops_conformance.model.probe_notes import ProbeNotes
from streamops_conformance.model.transcript import Transcript
from streamops_conformance.target.started import Unreachable
from streamops_conformance.testee.case import ClientCase
from streamops_conformance.testee.dialect import TesteeDialect
from streamops_conformance.testee.probe_context import ClientProbeContext
from streamops_conformance.v0.client.checks.registry import CLIENT
from streamops_conformance.v0.client.generate import cases, exchanges
from streamops_conformance.v0.client.judge import judge_v0_client
from streamops_conformance.v0.client.runner import mounted, run_sequences
from streamops_conformance.v0.client.sequence import (
    Cause,
    Frame,
    FrameSequence,
    PlayedSequence,
    frames_of,
    of_frames,
)


class ClientDialect(TesteeDialect):
    """Implements `engine.dialect.Dialect`."""

    registry = CLIENT
    greeting = "mount"

    async def _meet(self, case: ClientCase) -> frozenset[str]:
        if self._shows != "document":
            raise Unreachable(
                f"{case.testee.ready['name']} shows no document, which is all that v0 has requirements on"
            )
        await case.mount("")
        await mounted(case, "")
        return frozenset()

    async def run(self, specs: list[FrameSequence]) -> list[PlayedSequence]:
        """Run them. A wrong sequence is run again in simpler variants, until its cause is known."""
        played = await run_sequences(self._host, specs)
        for cause in Cause:
            forms = {
                index: plainer
                for index, each in enumerate(played)
                if each.cause is None
                and not each.silent
                and self.judge(each).broken
                and (plainer := cause.without(each.spec))
            }
            others = iter(await run_sequences(self._host, [each for form in forms.values() for each in form]))
            for index, form in forms.items():
                found = [next(others) for _ in form]
                wrong = [each for each in found if self.judge(each).broken]
                if wrong:
                    played[index] = wrong[0]
                else:
                    played[index].cause = cause
        return played

    def judge(self, case: PlayedSequence) -> Judgement:
        return judge_v0_client(CLIENT, case)

    def judge_wire(self, transcript: Transcript) -> Judgement:  # noqa: ARG002  (the protocol of all dialects)
        """Nothing: v0 has no requirement on what a client sends."""
        return Judgement()

    def cases(self, agreed: frozenset[str]) -> SearchStrategy[FrameSequence]:  # noqa: ARG002  (the protocol of all dialects)
        return cases()

    def classics(self, agreed: frozenset[str]) -> list[FrameSequence]:  # noqa: ARG002  (the protocol of all dialects)
        return exchanges()

    def timing(self, case: PlayedSequence) -> dict[str, list[float]]:
        """Nothing: what a frame costs a client is measured by the client's own benchmark."""
        del case
        return {}

    def probe_context(self, agreed: frozenset[str], seed: int) -> ProbeNotes:
        return ClientProbeContext(ClientCase, self._host, agreed, seed)

    def size(self, spec: FrameSequence) -> tuple[int, ...]:
        frames = frames_of(spec)
        ops = sum(len(frame["ops"]) for frame in frames)
        return (
            ops,
            len(frames),
            not spec.paced,
            len(spec.html) + sum(len(message.raw) for message in spec.messages),
        )

    def smaller(self, spec: FrameSequence) -> Iterator[FrameSequence]:
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
    """The list without each half, each quarter, … and each single element."""
    width = len(kept)
    while width >= 1:
        yield from ([*kept[:begin], *kept[begin + width :]] for begin in range(0, len(kept), width))
        width //= 2


def _shorter(ops: list[Frame]) -> Iterator[list[Frame]]:
    for index, op in enumerate(ops):
        if len(op.get("text", "")) > 1:
            yield [*ops[:index], {**op, "text": op["text"][0]}, *ops[index + 1 :]]
