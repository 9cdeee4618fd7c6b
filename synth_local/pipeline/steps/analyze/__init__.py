"""The stage ``analyze``: agreement, subjectivity, judgements."""
