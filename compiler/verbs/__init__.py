"""The verbs of the command line: one file each, with `arguments(parser)` and `run(args) -> int`."""
