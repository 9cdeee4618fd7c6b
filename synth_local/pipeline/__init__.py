"""The run as a whole: what is to do, one short file per stage, and what calls them."""
