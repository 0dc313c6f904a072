"""Tables: pandas, or polars if asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, cast

from ._errors import SettingsError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["frame", "tidy", "use_frames"]

_kind: Literal["pandas", "polars"] = "pandas"


def use_frames(kind: Literal["pandas", "polars"]) -> None:
    """Choose the library of the tables that are returned from now on.

    Parameters
    ----------
    kind
        ``"pandas"``, the default, or ``"polars"``, which must be installed.
    """
    global _kind
    if kind not in ("pandas", "polars"):
        raise SettingsError(f'frames: {kind!r}; there are "pandas" and "polars"')
    if kind == "polars":
        try:
            import polars  # noqa: F401
        except ImportError:
            raise SettingsError("polars is not installed: pip install polars") from None
    _kind = kind


def frame(rows: Sequence[Mapping[str, Any]] | Mapping[str, Any]) -> pd.DataFrame:
    """A table of rows, or of columns by name."""
    if _kind == "polars":
        import polars

        return cast("pd.DataFrame", polars.DataFrame(rows, infer_schema_length=None))
    import pandas

    return pandas.DataFrame(rows)


def _number(value: Any) -> Any:
    """JSON has no infinity; results write it as a word."""
    return {"inf": float("inf"), "-inf": float("-inf"), "nan": float("nan")}.get(value, value)


def flat(value: Any, prefix: str = "") -> dict[str, Any]:
    """A result as columns: nested names are joined by points."""
    if not isinstance(value, Mapping):
        return {prefix or "value": _number(value) if isinstance(value, str) else value}
    columns: dict[str, Any] = {}
    for key, inner in value.items():
        name = f"{prefix}.{key}" if prefix else key
        if isinstance(inner, Mapping):
            columns.update(flat(inner, name))
        else:
            columns[name] = _number(inner) if isinstance(inner, str) else inner
    return columns


def tidy(result: Any) -> dict[str, pd.DataFrame]:
    """The tables of a result: one for each list of records in it, one row a record.

    Parameters
    ----------
    result
        What a study found, as dictionaries and lists.

    Returns
    -------
    dict
        Tables by name: a list of records at ``a.b`` is the table ``"a.b"``, with the names of
        records inside records joined by points. A list of records inside a record is a table of
        its own, whose first columns are the numbers of the records around it. Columns of equal
        length beside each other (``{"x": [..], "y": [..]}``) are one table. Single values make
        the table ``"summary"``.
    """
    tables: dict[str, list[dict[str, Any]]] = {}
    _collect(result, "", {}, tables)
    return {name: frame(rows) for name, rows in tables.items() if rows}


def _is_records(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(v, Mapping) for v in value)


def _is_column(value: Any) -> bool:
    return isinstance(value, list) and all(not isinstance(v, Mapping | list) for v in value)


def _collect(
    value: Any, name: str, place: dict[str, Any], tables: dict[str, list[dict[str, Any]]]
) -> None:
    """Adds the rows of a value to the tables."""
    if _is_records(value):
        for index, record in enumerate(value):
            _record(record, name, {**place, _index(name): index}, tables)
        return
    if isinstance(value, Mapping):
        _record(value, name, place, tables)
        return
    if isinstance(value, list):
        for index, item in enumerate(value):
            inside = {**place, _index(name): index}
            if isinstance(item, Mapping | list):
                _collect(item, name, inside, tables)
            else:
                tables.setdefault(name or "values", []).append({**inside, "value": _number_of(item)})
        return
    tables.setdefault(name or "summary", []).append({**place, "value": _number_of(value)})


def _number_of(value: Any) -> Any:
    return _number(value) if isinstance(value, str) else value


def _index(name: str) -> str:
    return (name.rsplit(".", 1)[-1] or "row") + "#"


def _record(
    record: Mapping[str, Any],
    name: str,
    place: dict[str, Any],
    tables: dict[str, list[dict[str, Any]]],
) -> None:
    row: dict[str, Any] = {}
    inner: list[tuple[str, Any]] = []
    columns: dict[str, list[Any]] = {}

    def sort(items: Mapping[str, Any], prefix: str) -> None:
        for key, value in items.items():
            path = f"{prefix}{key}"
            if isinstance(value, Mapping):
                sort(value, f"{path}.")
            elif _is_column(value):
                columns[path] = value
            elif isinstance(value, list):
                inner.append((path, value))
            else:
                row[path] = _number_of(value)

    sort(record, "")
    if row:
        tables.setdefault(name or "summary", []).append({**place, **row})
    # Columns beside each other are a table if they are as long.
    groups: dict[tuple[str, int], list[str]] = {}
    for path, values in columns.items():
        groups.setdefault((path.rpartition(".")[0], len(values)), []).append(path)
    for (above, length), paths in groups.items():
        if len(paths) > 1 and length > 0:
            table = ".".join(part for part in (name, above) if part) or "values"
            for k in range(length):
                cells = {path.rpartition(".")[2]: _number_of(columns[path][k]) for path in paths}
                tables.setdefault(f"{table}", []).append({**place, "index": k, **cells})
        else:
            for path in paths:
                _collect(columns[path], f"{name}.{path}" if name else path, place, tables)
    for path, value in inner:
        _collect(value, f"{name}.{path}" if name else path, place, tables)
