"""Where a run finds what it is made from, and what it keeps of it."""
