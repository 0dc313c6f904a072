"""Packages that only some functions need."""

from __future__ import annotations

import importlib
from typing import Any

from ._errors import SettingsError

__all__ = ["needs"]


def needs(package: str) -> Any:
    """The package, imported."""
    try:
        return importlib.import_module(package)
    except ImportError:
        raise SettingsError(f"this needs {package}: pip install {package}") from None
