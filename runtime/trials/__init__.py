"""Trials from elsewhere: evaluations of other programs, and sheets filled in beside a robot."""
