"""Which completions become rows: form, length, copies, leaks, duplicates, and how many are missing.

Pure functions on records; this package knows nothing about files, engines or prompts.
"""
