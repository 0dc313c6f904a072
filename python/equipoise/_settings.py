"""Settings on their way into the library."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from ._errors import SettingsError

__all__ = ["to_json"]


def to_json(settings: Mapping[str, Any]) -> str:
    """Settings as JSON, with points for tables: ``{"input.weight": 2}``."""
    return json.dumps({name.replace("__", "."): _plain(v) for name, v in settings.items()})


def _plain(value: Any) -> Any:
    """What JSON can hold, from what people pass."""
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, list | tuple | range | set | frozenset):
        return [_plain(inner) for inner in value]
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, float) and not np.isfinite(value):
        raise SettingsError(f"{value} is no value of a setting")
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise SettingsError(f"{value!r} is no value of a setting")
