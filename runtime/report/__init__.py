"""The report: one offline page and the same content as JSON, built from artifacts."""
