"""The demo places that the package brings: one service centre for the region, each league and each banner."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from chalicelib.domain.divisions import Division, DivisionIndex, Level, service_place_name
from chalicelib.domain.place_documents import place_of
from chalicelib.domain.schedules import Place, PlaceKind, place_id_of

Json = dict[str, Any]

_REGION = "150000000000"  # 内蒙古自治区


def demo_places(divisions: DivisionIndex) -> Sequence[Place]:
    """The demo places of every division in law of the three upper levels, each named by the rule."""
    found = (d for level in (Level.REGION, Level.LEAGUE, Level.BANNER) for d in divisions.within(_REGION, level))
    return tuple(_centre(division) for division in found if division.administrative)


@cache
def _template() -> Json:
    text = files("chalicelib.data").joinpath("places/demo.json").read_text(encoding="utf-8")
    template: Json = json.loads(text)
    return template


def _centre(division: Division) -> Place:
    told = _template()
    hours = told["own_hours"].get(division.code, told["hours"])
    document = {
        "id": place_id_of(PlaceKind.CENTRE, division.code, ""),
        "kind": PlaceKind.CENTRE,
        "division": division.code,
        "name": service_place_name(division),
        "address": f"{division.name}{told['address']}",
        "phone": told["phone"],
        "since": told["since"],
        "windows": told["windows"],
        "facilities": told["facilities"],
        "hours": [{"since": told["since"], **line} for line in hours],
        "demo": True,
    }
    return place_of(document)
