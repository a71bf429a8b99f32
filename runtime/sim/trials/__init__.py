"""Policies in scenes, all initial states in lockstep, judged by the task."""
