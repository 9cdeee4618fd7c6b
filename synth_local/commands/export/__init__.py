"""``export``: a run's corpora as one table to hand out, with a card that says what is in it."""
