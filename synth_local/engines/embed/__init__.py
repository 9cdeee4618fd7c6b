"""Texts as unit vectors."""
