"""Draws cases with Hypothesis from flat alphabets, simple steps before complex ones."""
