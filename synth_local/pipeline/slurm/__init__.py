"""The pipeline as Slurm jobs."""
