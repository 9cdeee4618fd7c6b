"""Where files lie that come with the package and are no code."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]


def find_shipped(name: str) -> Path:
    """Return a top-level folder of the project: in an installed package, or in a checkout.

    Args:
        name: such as ``model_cards`` or ``slurm``.

    Returns:
        Its path; it need not exist.
    """
    shipped = PACKAGE / "_shipped" / name
    return shipped if shipped.is_dir() else PACKAGE.parent / name
