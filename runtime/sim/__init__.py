"""Scenes, robot, tasks and pixels: physics by MuJoCo, pictures by ray casting, no GL."""
