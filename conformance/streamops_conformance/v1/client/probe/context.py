"""What probes of v1 clients use."""

from streamops_conformance.testee import probe_context
from streamops_conformance.testee.probe_context import PAGE as PAGE
from streamops_conformance.v1.client.case import ClientCase

ClientProbeContext = probe_context.ClientProbeContext[ClientCase]
