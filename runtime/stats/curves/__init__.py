"""Success along training: learning curves, their areas, sample efficiency."""
