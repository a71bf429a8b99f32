"""Evidence: pure functions from trials to rates, uplift, bands and verdicts. No files but trial tables are read here."""
