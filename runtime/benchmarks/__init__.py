"""Environments of benchmarks from outside, each suite in a process of its own, and trials of policies in them."""
