"""From stored results to what people look at: tables, figures, dataset cards, one HTML page.

``write.write_report`` is the way in. matplotlib is loaded by ``figures`` alone.
"""
