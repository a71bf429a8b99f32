"""How well simulated trials speak for real ones."""
