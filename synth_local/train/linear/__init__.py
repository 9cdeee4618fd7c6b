"""Students that are solved: logistic regression over words, or over next to nothing."""
