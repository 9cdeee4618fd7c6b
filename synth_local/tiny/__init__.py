"""Miniature generators, trained on this machine from the texts at hand."""
