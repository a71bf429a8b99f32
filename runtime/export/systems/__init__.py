"""Simulators and trainers of others: what they take, written; what they give, read. Nothing of theirs is imported here."""
