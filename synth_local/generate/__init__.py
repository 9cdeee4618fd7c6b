"""Slots, prompts, chains and the loop that keeps an engine full."""
