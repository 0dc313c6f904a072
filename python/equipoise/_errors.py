"""What goes wrong, as exceptions."""

from __future__ import annotations

__all__ = [
    "DataError",
    "EquipoiseError",
    "InternalError",
    "MissingFileError",
    "RunError",
    "SettingsError",
]


class EquipoiseError(Exception):
    """The base of all exceptions of this package."""


class SettingsError(EquipoiseError, ValueError):
    """Settings or arrays that make no sense."""


class DataError(EquipoiseError, ValueError):
    """Data that are damaged, or that do not suit each other."""


class MissingFileError(EquipoiseError, FileNotFoundError):
    """A file or a data set that is not there."""


class RunError(EquipoiseError, RuntimeError):
    """A computation that was asked for rightly and failed."""


class InternalError(EquipoiseError, RuntimeError):
    """A defect of this package: please report it."""
