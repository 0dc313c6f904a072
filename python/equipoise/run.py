"""Run directories, as the command and the studies write them."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from ._errors import DataError, MissingFileError
from ._reports import Report, Tables

__all__ = ["Run"]


class Run:
    """A run directory: its settings, tables and report.

    Parameters
    ----------
    path
        The directory.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        if not self.path.is_dir():
            raise MissingFileError(f"{self.path}: there is no such directory")
        record = self.path / "run.json"
        if not record.is_file():
            raise DataError(f"{self.path}: no run directory; it has no run.json")
        try:
            self.record: dict[str, Any] = json.loads(record.read_text(encoding="utf-8"))
        except (ValueError, OSError) as error:
            raise DataError(f"{record}: cannot be read: {error}") from None
        if not isinstance(self.record, dict) or "command" not in self.record:
            raise DataError(f"{record}: no record of a run")

    def __repr__(self) -> str:
        return f"Run({str(self.path)!r}: {self.command}, {self.state})"

    @property
    def command(self) -> str:
        """What ran, as ``study-hebb``."""
        return str(self.record["command"])

    @property
    def state(self) -> str:
        """``running``, ``done``, ``failed`` or ``interrupted``; ``running`` too if it was killed."""
        return str(self.record.get("state"))

    @property
    def seed(self) -> int:
        """The seed of every random number of the run."""
        return int(self.record["seed"])

    @property
    def settings(self) -> dict[str, Any]:
        """The settings that it ran with."""
        return dict(self.record.get("config") or {})

    @property
    def tables(self) -> Tables:
        """The tables of the run by name, read when they are asked for."""
        found = sorted(self.path.glob("*.csv"))
        return Tables({file.stem: file for file in found}, files=True)

    @property
    def files(self) -> list[str]:
        """Every file of the run, from its directory on."""
        inside = (file for file in self.path.rglob("*") if file.is_file())
        return sorted(str(file.relative_to(self.path)) for file in inside)

    @property
    def figures(self) -> dict[str, Path]:
        """The figures as SVG, by name."""
        return {file.stem: file for file in sorted((self.path / "figures").glob("*.svg"))}

    def report(self) -> Report:
        """The report; there is none before a run is done."""
        file = self.path / "report.html"
        if not file.is_file():
            raise MissingFileError(f"{file}: the run has no report; it is {self.state}")
        return Report(file.read_text(encoding="utf-8"))
