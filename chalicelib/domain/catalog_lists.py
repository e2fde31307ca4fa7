"""The special lists (清单, A8): each a view of the catalogue, never a second copy.

A list is a name, a choice of items and the columns that it adds to the common ones. Its version and
date are those of the release it was taken from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.domain.catalog_summaries import FULLY_ONLINE_DEPTH

Row = Mapping[str, Any]
Details = Callable[[Row], Sequence[Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class SpecialList:
    """``details``: what the list says of a chosen item, one row each; an item without any is not on the list."""

    name: str
    details: Details
    fields: tuple[str, ...]  # names of the detail's members, in order of the columns


def _when(condition: Callable[[Row], bool]) -> Details:
    """A list that only says that an item is on it."""
    return lambda row: ({},) if condition(row) else ()


def _commitment(row: Row) -> Sequence[Mapping[str, Any]]:
    return (row["commitment"],) if row["commitment"] else ()


def _intermediary(row: Row) -> Sequence[Mapping[str, Any]]:
    return (row["intermediary"],) if row["intermediary"] else ()


def _limits(row: Row) -> Sequence[Mapping[str, Any]]:
    return ({"statutory_limit": row["statutory_limit"], "promised_limit": row["promised_limit"]},)


LISTS: Mapping[str, SpecialList] = {
    entry.name: entry
    for entry in (
        SpecialList(
            "commitment",
            _commitment,
            ("allowed", "promise", "check_within", "basis", "replaces", "text_version", "text_digest"),
        ),
        SpecialList(
            "deferrable", lambda row: row["deferrable"], ("code", "name", "period", "outcome", "checking", "mending")
        ),
        SpecialList("delay-service", _when(lambda row: row["delay_service"]), ()),
        SpecialList("assisted", _when(lambda row: row["assisted"]), ()),
        SpecialList("intermediary", _intermediary, ("name", "basis")),
        SpecialList("not-in-hall", _when(lambda row: row["in_hall"] is False), ()),
        SpecialList(
            "special-procedures", lambda row: row["special_procedures"], ("kind", "name", "effect", "stops", "basis")
        ),
        SpecialList("cross-region", _when(lambda row: row["scope"] in ("region", "nation")), ()),
        SpecialList("cross-province", _when(lambda row: row["scope"] == "nation"), ()),
        SpecialList("fully-online", _when(lambda row: row["online_depth"] == FULLY_ONLINE_DEPTH), ()),
        SpecialList("entrusted", lambda row: row["entrusted"], ("role", "level", "notice", "published_on", "scope")),
        SpecialList("instant", _when(lambda row: row["case_type"] == "instant"), ()),
        SpecialList("accept-on-receipt", _when(lambda row: row["accept_on_receipt"]), ()),
        SpecialList("limits", _limits, ("statutory_limit", "promised_limit")),
        SpecialList("fees", _when(lambda row: row["fee_charged"] is True), ()),
    )
}

COMMON = ("basic_code", "version", "name", "type_code", "department", "level")

_DEMO_OF = {
    "commitment": ("commitment/",),
    "deferrable": ("materials/",),
    "delay-service": ("delay_service",),
    "assisted": ("assisted",),
    "not-in-hall": ("in_hall",),
    "cross-region": ("scope",),
    "cross-province": ("scope",),
    "fully-online": ("online/depth",),
    "entrusted": ("steps/",),
    "instant": ("case_type",),
    "accept-on-receipt": ("accept_on_receipt",),
    "limits": ("promised_limit",),
}
_COMMON_DEMO = ("basic_code", "level", "version")


def entries(chosen: SpecialList, summaries: Iterable[Row]) -> list[dict[str, Any]]:
    """The rows of a list: the common columns, ``details`` and the demo labels that concern them."""
    found = []
    for row in summaries:
        for detail in chosen.details(row):
            entry = {name: row[name] for name in COMMON}
            entry["details"] = {name: detail.get(name) for name in chosen.fields}
            entry["demo"] = demo_of(chosen.name, row["demo"])
            entry["warning"] = row["warning"]
            found.append(entry)
    return found


def demo_of(name: str, paths: Iterable[str]) -> list[str]:
    """Those paths of an item's demo labels that a list's rows show."""
    prefixes = (*_DEMO_OF.get(name, ()), *_COMMON_DEMO)
    return [path for path in paths if path.startswith(prefixes)]
