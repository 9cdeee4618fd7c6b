"""The doors to heavy libraries: generation engines, embedders and the trainer of tiny models."""
