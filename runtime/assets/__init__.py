"""Models of things that people bring: which files they are, whether they are fit, and their shapes."""
