"""Which approach is best, and which cannot be told apart: all pairs at once, ranks, and preferences between two."""
