"""All spec files to one project; whose word counts for a parameter."""
