"""What a command answers: each reads a run and returns one frozen result."""
