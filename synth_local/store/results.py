"""results.csv: one row per training seed, metric and label; plain data, values unrounded."""

from __future__ import annotations

import csv
import io
from dataclasses import asdict, fields

from synth_local.records import Result


def format_results(results: list[Result]) -> str:
    """Return results.csv: one row per training seed, metric and label; values unrounded."""
    buffer = io.StringIO()
    names = [field.name for field in fields(Result)]
    writer = csv.DictWriter(buffer, names, lineterminator="\n")
    writer.writeheader()
    for result in results:
        writer.writerow({**asdict(result), "value": repr(float(result.value))})
    return buffer.getvalue()


def read_results(text: str) -> list[Result]:
    """Return the rows of results.csv."""
    return [
        Result(
            row["task"],
            row["source"],
            row["generator"],
            row["strategy"],
            row["student"],
            int(row["seed"]),
            row["metric"],
            float(row["value"]),
            int(row["num_train"]),
            row["label"],
        )
        for row in csv.DictReader(io.StringIO(text))
    ]
