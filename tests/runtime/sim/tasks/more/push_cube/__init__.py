"""Push a cube: a kind of task that only tests know."""
