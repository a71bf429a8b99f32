"""Safe fixes: from a diagnostic to edits of the text, tried on the project before anything is written."""
