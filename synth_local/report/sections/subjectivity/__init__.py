"""The section on subjectivity."""
