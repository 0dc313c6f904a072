"""From what people have to the arrays that the compiled half takes.

Every function either returns a contiguous array of the wanted type, without a copy where the
argument is one already, or raises :class:`SettingsError` and says which argument is wrong and why.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from ._errors import SettingsError

__all__ = ["bar", "counts2d", "decimals", "integers", "names", "numbers", "whole"]

Progress = Callable[[int, "str | None", "int | None", "int | None", "str | None"], None]


def numbers(
    name: str,
    values: npt.ArrayLike,
    dtype: type[np.generic],
    *,
    dimensions: int | None = None,
    finite: bool = True,
) -> npt.NDArray[Any]:
    """A contiguous array of numbers.

    Parameters
    ----------
    name
        What the argument is called, for messages.
    values
        An array, a list, anything that NumPy takes for one.
    dtype
        The type that is wanted.
    dimensions
        How many dimensions it must have; any if None.
    finite
        Whether infinite values and NaN are refused.
    """
    if isinstance(values, np.ma.MaskedArray):
        masked = int(np.count_nonzero(values.mask))
        if masked > 0:
            raise SettingsError(f"{name}: {masked} values are masked; fill or drop them")
        values = values.data
    try:
        array = np.asarray(values)
    except (ValueError, TypeError, OverflowError, MemoryError) as error:
        raise SettingsError(f"{name}: not an array of numbers: {error}") from None
    if array.size == 0 and array.dtype.kind in "fO":
        # An empty list has no type of its own.
        array = array.astype(dtype)
    if array.dtype.kind == "O":
        raise SettingsError(f"{name}: an array of Python objects; an array of numbers is needed")
    if array.dtype.kind not in "fiub":
        raise SettingsError(f"{name}: values of type {array.dtype}; numbers are needed")
    if dimensions is not None and array.ndim != dimensions:
        raise SettingsError(
            f"{name}: {array.ndim} dimensions (shape {array.shape}); {dimensions} are needed"
        )
    wanted = np.dtype(dtype)
    if wanted.kind in "ui" and array.size:
        if array.dtype.kind == "f":
            odd = ~(np.isfinite(array) & (array == np.trunc(array)))
            if odd.any():
                place = np.unravel_index(int(np.argmax(odd)), array.shape)
                raise SettingsError(f"{name}: {array[place]} is not a whole number")
        info = np.iinfo(wanted)
        least, most = array.min(), array.max()
        if least < info.min or most > info.max:
            bad = least if least < info.min else most
            raise SettingsError(f"{name}: {bad} is outside {info.min}..{info.max}")
    if finite and array.dtype.kind == "f" and not np.isfinite(array).all():
        place = np.unravel_index(int(np.argmin(np.isfinite(array))), array.shape)
        where = place[0] if len(place) == 1 else tuple(int(k) for k in place)
        raise SettingsError(f"{name}: value {where} is {array[place]}; finite numbers are needed")
    with np.errstate(over="ignore"):
        array = np.ascontiguousarray(array, dtype=wanted.newbyteorder("="))
    if finite and wanted.kind == "f" and wanted.itemsize < 8 and not np.isfinite(array).all():
        raise SettingsError(f"{name}: a value is too large for {wanted}")
    return array


def decimals(name: str, values: npt.ArrayLike, *, finite: bool = True) -> npt.NDArray[np.float64]:
    """A contiguous vector of float64."""
    return numbers(name, values, np.float64, dimensions=1, finite=finite)


def integers(name: str, values: npt.ArrayLike) -> npt.NDArray[np.uint32]:
    """A contiguous vector of uint32."""
    return numbers(name, values, np.uint32, dimensions=1)


def counts2d(name: str, values: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """A contiguous table of float64, one row if a vector is given."""
    array = numbers(name, values, np.float64)
    if array.ndim == 1:
        array = array[None, :]
    if array.ndim != 2:
        raise SettingsError(f"{name}: shape {array.shape}; [units, bins] is needed")
    return array


def whole(name: str, value: object, least: int = 0, most: int = 2**63 - 1) -> int:
    """A whole number in a range."""
    try:
        number = value.__index__()  # type: ignore[attr-defined]
    except (AttributeError, TypeError):
        raise SettingsError(f"{name}: {value!r} is not a whole number") from None
    if not least <= number <= most:
        raise SettingsError(f"{name}: {number} is outside {least}..{most}")
    return int(number)


def names(name: str, values: object) -> list[str]:
    """A list of names; one name is a list of one."""
    if isinstance(values, str):
        return [values]
    if not isinstance(values, Iterable):
        raise SettingsError(f"{name}: {values!r} is not a list of names")
    listed = list(values)
    for value in listed:
        if not isinstance(value, str):
            raise SettingsError(f"{name}: {value!r} is not a name")
    return listed


def bar(progress: bool | Progress, unit: str = "step") -> Progress | None:
    """What shows progress: a bar of tqdm, a function of the caller's, or nothing."""
    if progress is False or progress is None:
        return None
    if progress is not True:
        return progress
    try:
        from tqdm.auto import tqdm
    except ImportError:
        raise SettingsError(
            "progress=True needs tqdm: pip install equipoise[progress]"
        ) from None
    bars: dict[int, Any] = {}

    def show(
        stage: int, name: str | None, done: int | None, total: int | None, detail: str | None
    ) -> None:
        shown = bars.get(stage)
        if name is not None:
            if shown is not None:
                shown.close()
            shown = bars[stage] = tqdm(total=total or None, desc=name, unit=unit, leave=False)
        if shown is None:
            if detail and done is None and total is None:
                tqdm.write(detail)
            return
        if done is not None:
            shown.update(done - shown.n)
            if total and done >= total:
                shown.close()
                del bars[stage]
        elif name is None and detail is None:
            shown.close()
            del bars[stage]
        if detail and stage in bars:
            shown.set_postfix_str(detail)

    return show


def arrays_of(name: str, values: Iterable[npt.ArrayLike]) -> list[npt.NDArray[np.float64]]:
    """A list of vectors of float64."""
    try:
        items = list(values)
    except TypeError:
        raise SettingsError(f"{name}: {values!r} is not a list of arrays") from None
    return [decimals(f"{name}[{k}]", item) for k, item in enumerate(items)]
