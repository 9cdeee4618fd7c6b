"""Encoders as students: transformers that are stepped."""
