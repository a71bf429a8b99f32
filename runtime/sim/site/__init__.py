"""Hidden sites: procedurally made places that stand in for real ones."""
