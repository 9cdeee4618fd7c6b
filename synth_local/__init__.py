"""Synthetic training data for text classifiers, made and judged with local models only."""

from typing import TYPE_CHECKING, Any

from synth_local.version import __version__

if TYPE_CHECKING:
    from synth_local.api import (
        Corpus,
        Run,
        advise,
        compare,
        load_corpus,
        load_run,
        read_results,
    )

__all__ = [
    "Corpus",
    "Run",
    "__version__",
    "advise",
    "compare",
    "load_corpus",
    "load_run",
    "read_results",
]


def __getattr__(name: str) -> Any:
    """Import the Python API where one of its names is asked for: the command line starts fast."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from synth_local import api  # noqa: PLC0415

    return getattr(api, name)
