"""Things that every layer may use: hashing, files, text normalisation, statistics, logs."""
