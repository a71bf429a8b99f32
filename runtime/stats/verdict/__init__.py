"""Gates and claims: passed, failed, undecided or not run."""
