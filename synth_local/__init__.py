"""Synthetic training data for text classifiers, made and judged with local models only."""

__version__ = "0.1.0"
