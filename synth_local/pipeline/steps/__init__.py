"""One module per stage: what a stage reads, computes and writes."""
