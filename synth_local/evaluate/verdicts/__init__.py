"""From scores to answers: one rule, in records and in words."""
