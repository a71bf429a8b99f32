"""Splats in the files that people have: PLY in its kinds, SPZ, .splat, SOG. `check` looks, `read` reads."""
