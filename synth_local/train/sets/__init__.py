"""Which rows a student is trained on, and how often."""
