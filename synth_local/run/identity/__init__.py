"""Identity is content: what decides each output, and why one is stale."""
