"""What planned trials can decide, before any of them has run."""
