"""Open a drawer by its handle."""
