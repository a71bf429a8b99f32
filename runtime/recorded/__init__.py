"""Episodes that people recorded as LeRobot datasets: what is wrong with them, which files they are, and what they become."""
