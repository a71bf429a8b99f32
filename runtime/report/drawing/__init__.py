"""Pictures, tables and words that sections of the report share."""
