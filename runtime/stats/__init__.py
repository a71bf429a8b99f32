"""Evidence: pure functions from trials to rates, uplift, bands and verdicts."""
