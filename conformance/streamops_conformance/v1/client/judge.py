"""Judges what a client sent and what it showed."""

from streamops_conformance.model.judgement import Judgement
from streamops_conformance.model.outcome import Wrong
from streamops_conformance.model.registry import Registry
from streamops_conformance.model.transcript import Transcript
from streamops_conformance.v1.client.client_transcript import ClientTranscript
from streamops_conformance.v1.client.dump_check import dump_checks
from streamops_conformance.v1.client.sequence import PlayedSequence


def judge_transcript(registry: Registry, transcript: Transcript) -> Judgement:
    """Ask the rules of the wire at every message of the client, up to the first that says no."""
    said, found = ClientTranscript(transcript), Judgement()
    for index, entry in enumerate(transcript.entries):
        said.index = index
        if entry.direction == "recv" and found.ask(registry.rules_on(entry.type, "*"), said):
            found.entry = index
            return found
        said.advance()
    return found


def judge_sequence(registry: Registry, sequence: PlayedSequence) -> Judgement:
    """The wire first, then every dump: one requirement is blamed, at the first that is wrong."""
    found = judge_transcript(registry, sequence.transcript)
    if found.broken:
        return found
    rules = registry.rules_on("dump")
    for look in dump_checks(sequence):
        if found.ask(rules, look):
            found.entry = look.dump.entry if look.dump is not None else len(sequence.transcript.entries) - 1
            return found
    if sequence.silent and not found.broken:
        found.broken, found.fact = "CLI-1", "the_client_goes_on"
        found.wrong = Wrong("a client that goes on", sequence.silent)
    return found
