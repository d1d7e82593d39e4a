"""Judges the messages and the dumps of a client."""

from streamops_conformance.model.judgement import Judgement
from streamops_conformance.model.outcome import Wrong
from streamops_conformance.model.registry import Registry
from streamops_conformance.model.transcript import Transcript
from streamops_conformance.v1.client.client_transcript import ClientTranscript
from streamops_conformance.v1.client.dump_check import dump_checks
from streamops_conformance.v1.client.sequence import PlayedSequence


def judge_transcript(registry: Registry, transcript: Transcript) -> Judgement:
    """Ask the wire rules at every message of the client, up to the first one that finds something wrong."""
    client, found = ClientTranscript(transcript), Judgement()
    for index, entry in enumerate(transcript.entries):
        client.index = index
        if entry.direction == "recv" and found.ask(registry.rules_on(entry.type, "*"), client):
            found.entry = index
            return found
        client.advance()
    return found


def judge_sequence(registry: Registry, sequence: PlayedSequence) -> Judgement:
    """Judge the wire first, then every dump. The first wrong message or dump blames one requirement."""
    found = judge_transcript(registry, sequence.transcript)
    if found.broken:
        return found
    rules = registry.rules_on("dump")
    for check in dump_checks(sequence):
        if found.ask(rules, check):
            found.entry = check.dump.entry if check.dump is not None else len(sequence.transcript.entries) - 1
            return found
    if sequence.silent and not found.broken:
        found.broken, found.fact = "CLI-1", "the_client_continues"
        found.wrong = Wrong("a client that continues", sequence.silent)
    return found
