"""What lies on disk: the run directory, the ledger of turns, corpora and markers."""
