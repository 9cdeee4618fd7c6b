"""What people said: annotations of test items, judgements of tasks."""
