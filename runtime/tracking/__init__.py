"""Trackers, one a file: where the log of a build goes."""
