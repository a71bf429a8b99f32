"""Demos to policies: LeRobot datasets in, LeRobot checkpoints out, and a fast way to act with them."""
