"""The models of what people write, one file per kind of spec."""
