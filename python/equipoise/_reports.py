"""Tables and reports of runs."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ._frames import frame

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Report", "Tables"]


class Tables(Mapping[str, Any]):
    """Tables by name, each read when it is asked for."""

    def __init__(self, csv: Mapping[str, str | os.PathLike[str]], *, files: bool = False) -> None:
        self._csv = dict(csv)
        self._files = files

    def __getitem__(self, name: str) -> pd.DataFrame:
        if name not in self._csv:
            raise KeyError(f"there is no table {name!r}; there are {', '.join(self._csv)}")
        import pandas

        source = self._csv[name]
        try:
            table = pandas.read_csv(source if self._files else io.StringIO(str(source)))
        except pandas.errors.EmptyDataError:
            table = pandas.DataFrame()
        return frame({column: table[column].to_numpy() for column in table.columns})

    def __iter__(self) -> Iterator[str]:
        return iter(self._csv)

    def __len__(self) -> int:
        return len(self._csv)

    def __repr__(self) -> str:
        return f"Tables({', '.join(self._csv)})"


class Report:
    """A report: one HTML file with everything in it. Notebooks show it."""

    def __init__(self, html: str) -> None:
        self.html = html

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the file."""
        with open(path, "w", encoding="utf-8") as file:
            file.write(self.html)

    def _repr_html_(self) -> str:
        import html

        # In a frame of its own, so that its styles stay in it.
        return (
            f'<iframe srcdoc="{html.escape(self.html)}" width="100%" height="700" '
            'style="border:0"></iframe>'
        )

    def __repr__(self) -> str:
        return f"Report({len(self.html)} characters of HTML)"
