"""A task's scene with its robot, many of it stepped together, and the expert in it."""
