"""The steps of ``gpu.py``: one module a question, each run in a process of its own."""
