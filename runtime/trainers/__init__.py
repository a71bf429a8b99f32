"""Trainers elsewhere: a twin as another simulator's task, the command that trains on it, and how far both agree."""
