"""The small policy: a LeRobot plug-in, a learner without LeRobot, and a forward pass in numpy."""
