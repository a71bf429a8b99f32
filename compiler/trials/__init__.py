"""Trials of other programs and of real robots: imported sets, sheets to fill in."""
