"""Laws that hold across files: one function for each code."""
