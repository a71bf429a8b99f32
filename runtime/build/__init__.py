"""A job to one artifact: parents and guards checked, stage called, contract held, published."""
