"""GSWorld: its files."""

from runtime.export.systems.gsworld import GSWorld

__all__ = ["GSWorld"]
