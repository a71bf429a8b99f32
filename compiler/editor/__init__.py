"""Checking while people write: watching files, and the language server."""
