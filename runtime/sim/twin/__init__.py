"""A capture and its splat to a twin: support, robot, collision, looks."""
