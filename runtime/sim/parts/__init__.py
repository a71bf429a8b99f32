"""What scenes are made of: robot, solids, physics, initial states."""
