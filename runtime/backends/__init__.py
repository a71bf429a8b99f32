"""One file per back end, heavy imports inside functions."""
