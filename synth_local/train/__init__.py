"""Training sets, and students trained on them.

``sources``, ``budget`` and ``students`` are light; ``cell`` is the door to torch, transformers,
accelerate and peft and is imported only when something is trained.
"""
