"""3D Gaussians: files, a CPU rasteriser with a hand-written backward, training and metrics."""
