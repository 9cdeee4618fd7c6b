"""What a run is: its file, data, models, corpora and training sets, and what of it is done."""
