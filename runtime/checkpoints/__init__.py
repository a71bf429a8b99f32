"""Checkpoints of policies that people bring: which files they are, and what is wrong with them."""
