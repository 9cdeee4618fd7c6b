"""The section on results: scores, differences, labels, pairs, and the tasks by objectivity."""
