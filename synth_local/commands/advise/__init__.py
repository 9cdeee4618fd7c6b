"""``advise``: what finished runs say of a task."""
