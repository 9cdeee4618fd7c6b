"""The stage ``evaluate``: scores, intervals, comparisons."""
