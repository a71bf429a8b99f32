"""Reinforcement learning in a twin: rollouts of a policy that explores, and what it learns from them."""
