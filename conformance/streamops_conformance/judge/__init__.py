"""Judging an exchange: rules tied to requirements, run over a transcript frame by frame."""
