"""Artifacts on disk: written once, whole or not at all, with a manifest of digests."""
