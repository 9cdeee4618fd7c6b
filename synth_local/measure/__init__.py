"""How diverse a corpus is, and how close to real texts, beside real texts of the same number.

numpy only; embeddings come from an encoder that the caller hands in. This package knows nothing
about files, models or why a text was kept.
"""
