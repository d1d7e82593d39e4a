"""The types that every part of the suite shares: transcripts, cases, outcomes, checks."""
