"""Running checks against a target: sessions, cases in parallel, probes, shrinking, results."""
