"""How diverse a corpus is, how close to real texts, and whether its labels hold.

Always beside real texts. numpy and scikit-learn; embeddings come from an encoder that the caller
hands in. This package knows nothing about files, models or why a text was kept.
"""
