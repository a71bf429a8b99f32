"""A plan to job files and rules for Snakemake, and what became of the run."""
