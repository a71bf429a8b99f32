"""SplatSim: its files."""

from runtime.export.systems.splatsim import SplatSim

__all__ = ["SplatSim"]
