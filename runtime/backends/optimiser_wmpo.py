"""WMPO: its files."""

from runtime.export.systems.wmpo import WMPO

__all__ = ["WMPO"]
