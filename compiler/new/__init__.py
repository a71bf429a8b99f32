"""New specs: what is asked for each kind, the text that answers make, and a study's lists."""
