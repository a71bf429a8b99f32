"""Push a thing over the table into a zone."""
