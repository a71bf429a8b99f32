"""RLinf: its files."""

from runtime.export.systems.rlinf import RLinf

__all__ = ["RLinf"]
