"""Looking at trials while they come in: always-valid bands, stops, batches."""
