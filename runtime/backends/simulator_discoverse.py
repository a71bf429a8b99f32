"""Discoverse: its files."""

from runtime.export.systems.discoverse import Discoverse

__all__ = ["Discoverse"]
