"""Drawing cases: scripts by Hypothesis from flat alphabets, simple before complex."""
