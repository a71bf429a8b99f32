"""Imagined rollouts: who judges them, how far that is right, and which a policy and a world model learn from next."""
