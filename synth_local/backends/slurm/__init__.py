"""Slurm as the distributed engine: jobs are rendered to scripts, and its own commands run them."""
