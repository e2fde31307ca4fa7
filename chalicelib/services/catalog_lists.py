"""The special lists as answers and as files to download (A8)."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.domain.catalog_lists import COMMON, LISTS, SpecialList, entries
from chalicelib.domain.catalog_publication import ReleaseHead
from chalicelib.domain.errors import NotFound
from chalicelib.services.catalog import in_force
from chalicelib.services.ports import PublishedCatalog

Json = dict[str, Any]
Say = Callable[[str, str], str]
"""``(group, code) -> label``: how a code reads in a file for people."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What begins a formula in some spreadsheet, the full-width forms of Chinese keyboards included."""

_BOM = "\ufeff"
_GROUPS = {
    "type_code": "item_type",
    "level": "level",
    "allowed": "commitment",
    "outcome": "late_outcome",
    "effect": "effect",
    "role": "task",
}
"""Which group of labels a field's codes belong to."""


@dataclass(frozen=True, slots=True)
class ListView:
    """A list as it stands in one release."""

    chosen: SpecialList
    release: ReleaseHead
    entries: Sequence[Json]
    departments: Mapping[str, Json]


def overview(catalog: PublishedCatalog) -> tuple[ReleaseHead, list[tuple[str, int]]]:
    """Every list with the number of its rows."""
    head, rows = in_force(catalog), catalog.index().summaries
    return head, [(name, len(entries(chosen, rows))) for name, chosen in LISTS.items()]


def read(catalog: PublishedCatalog, name: str) -> ListView:
    """One list. Raises NotFound ``catalog.list-unknown``."""
    chosen = LISTS.get(name)
    if chosen is None:
        raise NotFound.because("catalog.list-unknown", "/path/list_name", list=name)
    index = catalog.index()
    return ListView(chosen, in_force(catalog), entries(chosen, index.summaries), index.departments)


def as_csv(view: ListView, say: Say) -> str:
    """The list as CSV for spreadsheets: UTF-8 with byte order mark, CRLF, nothing that runs as a formula."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    own = [f"{view.chosen.name}.{field}" for field in view.chosen.fields]
    writer.writerow([say("column", column) for column in (*COMMON, *own, "demo", "release", "published_at")])
    for entry in view.entries:
        values = [_spoken(name, entry[name], view, say) for name in COMMON]
        values += [_spoken(name, entry["details"][name], view, say) for name in view.chosen.fields]
        values += [" ".join(entry["demo"]), view.release.number, view.release.published_at]
        writer.writerow([_cell(value) for value in values])
    return _BOM + out.getvalue()


def _spoken(field: str, value: object, view: ListView, say: Say) -> object:
    """Codes as words; everything else as it is."""
    if value is None:
        return None
    if field == "department":
        return view.departments.get(str(value), {}).get("name", value)
    group = _GROUPS.get(field)
    return say(group, str(value)) if group else value


def _cell(value: object) -> str:
    text = _text(value)
    # A cell that begins so is a formula to a spreadsheet (CWE-1236); an apostrophe makes it text again.
    return f"'{text}" if text.startswith(_FORMULA) else text


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, dict):
        if "article" in value:
            return f"{value['law']}({value['version']})第{value['article']}条"
        if "unit" in value:
            unit = {"workday": "个工作日", "day": "日", "month": "个月"}[value["unit"]]
            return f"{value['value']}{unit}"
        return " ".join(f"{key}={_text(part)}" for key, part in value.items())
    return str(value)
