"""Judgements of which of two tasks is more objective."""
