"""The engine over transformers: rows of token ids, extended together."""
