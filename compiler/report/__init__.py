"""A study's report where people look for it, with the titles of today."""
