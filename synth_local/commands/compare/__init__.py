"""``compare``: two runs or parts of runs beside each other."""
