"""Two files per back end: what it is (TOML), and its class, with heavy imports inside functions."""
