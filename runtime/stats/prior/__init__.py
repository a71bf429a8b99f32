"""The decision matrix's ranges and what trials make of them: beliefs, fleets, the next best approach."""
