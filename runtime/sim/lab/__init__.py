"""A bench to play at: objects with physical properties, what becomes of them when they are dropped, struck and pushed."""
