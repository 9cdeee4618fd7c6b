"""From predictions to scores, intervals and paired comparisons.

``metrics`` is the one door to the library ``evaluate``; everything else here is numpy.
"""
