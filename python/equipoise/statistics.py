"""Tests, effect sizes and intervals, as the studies use them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from . import _arrays, _native
from ._errors import SettingsError
from ._frames import flat, frame

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "bootstrap",
    "cohens_d",
    "compare",
    "hedges_g",
    "holm",
    "kruskal_wallis",
    "mann_whitney",
    "paired_d",
    "paired_t",
    "pearson",
    "regression",
    "student_t",
    "summary",
    "welch_t",
    "wilcoxon",
]

Alternative = Literal["two_sided", "less", "greater"]


def _test(name: str, a: npt.ArrayLike, b: npt.ArrayLike, alternative: str) -> dict[str, Any]:
    text = _native.test(name, _arrays.decimals("a", a), _arrays.decimals("b", b), alternative)
    return json.loads(text)  # type: ignore[no-any-return]


def student_t(
    a: npt.ArrayLike, b: npt.ArrayLike, alternative: Alternative = "two_sided"
) -> dict[str, Any]:
    """Student's t-test of two independent groups of equal variance."""
    return _test("student", a, b, alternative)


def welch_t(
    a: npt.ArrayLike, b: npt.ArrayLike, alternative: Alternative = "two_sided"
) -> dict[str, Any]:
    """Welch's t-test of two independent groups."""
    return _test("welch", a, b, alternative)


def paired_t(
    a: npt.ArrayLike, b: npt.ArrayLike, alternative: Alternative = "two_sided"
) -> dict[str, Any]:
    """The t-test of pairs: values of the same place belong together."""
    return _test("paired", a, b, alternative)


def mann_whitney(
    a: npt.ArrayLike, b: npt.ArrayLike, alternative: Alternative = "two_sided"
) -> dict[str, Any]:
    """Mann and Whitney's test on the ranks of two independent groups."""
    return _test("mann_whitney", a, b, alternative)


def wilcoxon(
    a: npt.ArrayLike, b: npt.ArrayLike, alternative: Alternative = "two_sided"
) -> dict[str, Any]:
    """Wilcoxon's signed-rank test of pairs; equal pairs are left out."""
    return _test("wilcoxon", a, b, alternative)


def _effect(name: str, a: npt.ArrayLike, b: npt.ArrayLike, confidence: float) -> dict[str, float]:
    text = _native.effect(
        name, _arrays.decimals("a", a), _arrays.decimals("b", b), float(confidence)
    )
    return json.loads(text)  # type: ignore[no-any-return]


def cohens_d(a: npt.ArrayLike, b: npt.ArrayLike, confidence: float = 0.95) -> dict[str, float]:
    """Cohen's d of two independent groups: ``estimate``, ``low``, ``high``, ``confidence``."""
    return _effect("cohens_d", a, b, confidence)


def hedges_g(a: npt.ArrayLike, b: npt.ArrayLike, confidence: float = 0.95) -> dict[str, float]:
    """Hedges' g, Cohen's d corrected for small groups, with its interval."""
    return _effect("hedges_g", a, b, confidence)


def paired_d(a: npt.ArrayLike, b: npt.ArrayLike, confidence: float = 0.95) -> dict[str, float]:
    """Cohen's d of pairs, with its interval."""
    return _effect("paired_d", a, b, confidence)


def holm(p_values: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """P-values corrected for several comparisons (Holm 1979); float64, [n]."""
    return np.asarray(_native.holm(_arrays.decimals("p_values", p_values)), dtype=np.float64)


def kruskal_wallis(groups: Sequence[npt.ArrayLike]) -> dict[str, Any]:
    """Kruskal and Wallis' test of several independent groups."""
    text = _native.kruskal_wallis(_arrays.arrays_of("groups", groups))
    return json.loads(text)  # type: ignore[no-any-return]


def compare(
    groups: Mapping[str, npt.ArrayLike] | Sequence[npt.ArrayLike],
    *,
    paired: bool = False,
    reference: str | int | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Compare groups two by two, with p-values corrected together (Holm).

    Parameters
    ----------
    groups
        The values of each group, by name or in order.
    paired
        Whether the values of the same place belong together (of one seed, of one image).
    reference
        The group that all others are compared with; each other if not given.
    confidence
        Level of the interval of the effect size.

    Returns
    -------
    pandas.DataFrame
        One row a comparison: ``group``, ``other``, the means, ``p_value``, ``p_corrected``,
        ``effect`` (Hedges' g, or Cohen's d of pairs) with ``effect_low`` and ``effect_high``,
        ``rank_p_value``. Where a test has no answer, ``reason`` says why.
    """
    names: list[Any] = list(groups) if isinstance(groups, Mapping) else list(range(len(groups)))
    values = list(groups.values()) if isinstance(groups, Mapping) else list(groups)
    place = None
    if reference is not None:
        if reference not in names:
            raise SettingsError(f"reference: {reference!r} is no group of {names}")
        place = names.index(reference)
    text = _native.compare(
        _arrays.arrays_of("groups", values),
        "paired" if paired else "independent",
        float(confidence),
        place,
    )
    rows = []
    for found in json.loads(text):
        test, effect, ranks = (found[k].get("Ok") or {} for k in ("test", "effect", "ranks"))
        why = found["test"].get("Err") or found["effect"].get("Err") or {}
        rows.append(
            {
                "group": names[found["group"]],
                "other": names[found["other"]],
                "mean": found["means"][0],
                "other_mean": found["means"][1],
                "p_value": test.get("p_value"),
                "p_corrected": found["p_corrected"],
                "effect": effect.get("estimate"),
                "effect_low": effect.get("low"),
                "effect_high": effect.get("high"),
                "rank_p_value": ranks.get("p_value"),
                "reason": why.get("reason"),
            }
        )
    return frame(rows)


def regression(x: npt.ArrayLike, y: npt.ArrayLike) -> dict[str, Any]:
    """A straight line by least squares: slope, intercept, R² and their errors."""
    text = _native.regression(_arrays.decimals("x", x), _arrays.decimals("y", y))
    return json.loads(text)  # type: ignore[no-any-return]


def pearson(x: npt.ArrayLike, y: npt.ArrayLike, confidence: float = 0.95) -> dict[str, Any]:
    """Pearson's correlation with its p-value and interval."""
    text = _native.pearson(_arrays.decimals("x", x), _arrays.decimals("y", y), float(confidence))
    return json.loads(text)  # type: ignore[no-any-return]


def summary(values: npt.ArrayLike, confidence: float = 0.95) -> dict[str, Any]:
    """Count, mean, median, quartiles, standard deviation and the interval of the mean.

    Infinite values and NaN are counted apart.
    """
    text = _native.summary(_arrays.decimals("values", values, finite=False), float(confidence))
    return flat(json.loads(text))


def bootstrap(
    values: npt.ArrayLike,
    statistic: Literal["mean", "median"] = "mean",
    *,
    resamples: int = 9999,
    confidence: float = 0.95,
    method: Literal["bca", "percentile"] = "bca",
    seed: int = 0,
) -> dict[str, float]:
    """The bootstrap interval of the mean or median: ``estimate``, ``low``, ``high``."""
    settings = {
        "resamples": _arrays.whole("resamples", resamples, 1, 10_000_000),
        "confidence": float(confidence),
        "method": method,
        "seed": _arrays.whole("seed", seed),
    }
    text = _native.bootstrap(_arrays.decimals("values", values), statistic, json.dumps(settings))
    return json.loads(text)  # type: ignore[no-any-return]
