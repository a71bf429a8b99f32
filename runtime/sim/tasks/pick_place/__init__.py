"""Pick a thing up and put it onto a pad."""
