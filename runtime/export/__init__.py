"""What leaves the store for other programs: a twin as MJCF and as USD."""
