"""Values against models: pydantic's complaints as diagnostics, one for each mistake, at the smallest span."""

from compiler.shape.validate import validate

__all__ = ["validate"]
