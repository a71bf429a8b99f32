"""Views of a place, found again by how they look and from where they were taken."""
