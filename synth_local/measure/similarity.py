"""How close synthetic texts come to real ones, and real ones to each other."""

from __future__ import annotations

from synth_local.measure.neighbours import FloatArray, check_unit_rows, mean_nearest_cosine

#: Similar texts averaged for each real one.
NUM_NEAREST = 5


def similarity_to_real(real: FloatArray, synthetic: FloatArray) -> float:
    """Return the mean over real texts of the mean of their 5 highest cosines to synthetic texts.

    Args:
        real: (real texts, dimensions), no row all zero.
        synthetic: (synthetic texts, dimensions), no row all zero.

    Returns:
        In [-1, 1]; higher is closer. It rises with the number of synthetic texts.

    Raises:
        UndefinedMetricError: no real text, or fewer than 5 synthetic ones.

    References:
        Z. Li et al. (2023), Synthetic Data Generation with Large Language Models for Text
        Classification: Potential and Limitations. https://arxiv.org/abs/2310.07849
    """
    return mean_nearest_cosine(check_unit_rows(real), check_unit_rows(synthetic), NUM_NEAREST)


def similarity_among_real(real: FloatArray) -> float:
    """Return the same between real texts, none compared with itself: what "close" can mean.

    Args:
        real: (real texts, dimensions), no row all zero.

    Returns:
        In [-1, 1].

    Raises:
        UndefinedMetricError: fewer than 6 real texts.
    """
    unit = check_unit_rows(real)
    return mean_nearest_cosine(unit, unit, NUM_NEAREST, exclude_self=True)
