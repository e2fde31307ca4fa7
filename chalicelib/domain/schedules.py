"""Service places (政务服务场所), their windows and hours: what they are, and what may be published (E1, E2, E6).

Names of service centres, convenience centres and stations are prescribed (实施意见 二(二)2(1)) and checked against the
division; terminals, bank and post outlets (政银合作) are places of their own kind with the items that they can take.
A place is versioned like the catalogue: a change makes a new version with the day from which it counts; nothing is
edited in place.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from chalicelib.domain.divisions import Division, Level, ancestor, service_place_name
from chalicelib.domain.errors import Violation
from chalicelib.domain.opening_hours import DELAY_KINDS, MINUTES_OF_DAY, Access, Closure, Hours, ServiceKind, Span


class PlaceKind(StrEnum):
    """What kind of place it is."""

    CENTRE = "centre"  # 政务服务中心: region, league, banner
    TOWNSHIP_CENTRE = "township_centre"  # 便民服务中心
    STATION = "station"  # 便民服务站
    TERMINAL = "terminal"  # 自助终端
    BANK = "bank"
    POST = "post"


LEVELS = {
    PlaceKind.CENTRE: frozenset({Level.REGION, Level.LEAGUE, Level.BANNER}),
    PlaceKind.TOWNSHIP_CENTRE: frozenset({Level.TOWNSHIP}),
    PlaceKind.STATION: frozenset({Level.VILLAGE}),
}
"""Kinds with a prescribed name, and the divisions that have one each. The others stand anywhere."""


class WindowKind(StrEnum):
    """Kinds of window (实施意见 二(二)2(2))."""

    ENQUIRY = "enquiry"  # 综合咨询
    GENERAL = "general"  # 无差别综合
    FIELD = "field"  # 分领域综合
    ASSISTED = "assisted"  # 帮办代办
    CROSS_REGION = "cross_region"  # 跨区域通办
    PROBLEM = "problem"  # 办不成事反映
    ISSUE = "issue"  # 出件


class Facility(StrEnum):
    """What helps people there."""

    STEP_FREE = "step_free"  # 无障碍出入口
    ACCESSIBLE_COUNTER = "accessible_counter"  # 低位服务台
    ACCESSIBLE_TOILET = "accessible_toilet"  # 无障碍卫生间
    SIGN_LANGUAGE = "sign_language"  # 手语服务
    MONGOLIAN = "mongolian"  # 蒙古语服务
    NURSING_ROOM = "nursing_room"  # 母婴室
    SELF_SERVICE = "self_service"  # 自助服务区
    WAITING_AREA = "waiting_area"  # 休息等候区


@dataclass(frozen=True, slots=True)
class Window:
    """A window. ``departments`` of a FIELD window: the fields that it serves."""

    id: str
    kind: WindowKind
    name: str
    departments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Position:
    """CGCS2000, in millionths of a degree."""

    latitude: int
    longitude: int


@dataclass(frozen=True, slots=True)
class Place:
    """One version of a place.

    ``items``: the basic codes that a terminal, bank or post outlet takes; for the others the catalogue says it.
    """

    id: str
    version: int
    kind: PlaceKind
    division: str
    name: str
    address: str
    phone: str
    since: date
    windows: tuple[Window, ...]
    facilities: tuple[Facility, ...]
    hours: tuple[Hours, ...]
    closures: tuple[Closure, ...] = ()
    position: Position | None = None
    items: tuple[str, ...] = ()
    closed: bool = False
    demo: bool = False


def place_id_of(kind: PlaceKind, division: str, unique: str) -> str:
    """The id of a new place: where names are prescribed a division has one; the others are told apart."""
    return f"{division}-{kind if kind in LEVELS else unique}"


def is_id_of(place: Place) -> bool:
    """Whether the id of a version is one of its division and kind."""
    if place.kind in LEVELS:
        return place.id == place_id_of(place.kind, place.division, "")
    return division_of(place.id) == place.division


def division_of(place_id: str) -> str:
    """The division that the id of a place names; what is no id of a place gives what is no division."""
    return place_id.partition("-")[0]


def area_of(division: str) -> str:
    """Under which division places are kept together: a banner's area holds its townships' and villages' places."""
    return ancestor(division, Level.BANNER) or division


def in_force(versions: Iterable[Place], day: date) -> dict[str, Place]:
    """The version of each place that counts on a day: the newest whose day has come. One may be closed by it."""
    found: dict[str, Place] = {}
    for place in versions:
        if place.since <= day and (place.id not in found or found[place.id].version < place.version):
            found[place.id] = place
    return found


def violations(place: Place, division: Division | None, today: date) -> Iterator[Violation]:
    """Everything that speaks against publishing this version of a place."""
    if division is None:
        yield Violation("division.unknown", "/division", {"division": place.division})
    else:
        yield from _name_flaws(place, division)
    if place.since < today:
        yield Violation("place.since-past", "/since", {"since": place.since.isoformat()})
    ids = [w.id for w in place.windows]
    for number, window in enumerate(place.windows):
        if window.id in ids[:number]:
            yield Violation("place.window-twice", f"/windows/{number}/id", {"window": window.id})
        if (window.kind is WindowKind.FIELD) != bool(window.departments):
            yield Violation("place.field-window-needs-fields", f"/windows/{number}/departments")
    if place.items and place.kind in LEVELS:
        yield Violation("place.items-follow-from-catalogue", "/items")
    if not place.items and place.kind not in LEVELS:
        yield Violation("place.items-missing", "/items")
    yield from _hours_flaws(place)
    yield from _closure_flaws(place)


def _name_flaws(place: Place, division: Division) -> Iterator[Violation]:
    levels = LEVELS.get(place.kind)
    if levels is None:
        return
    if division.level not in levels or not division.administrative:
        yield Violation("place.kind-of-other-level", "/kind", {"kind": str(place.kind), "division": division.name})
        return
    wanted = service_place_name(division)
    # The prescribed name begins with the upper divisions; what a place is called may or may not repeat them.
    if not place.name.endswith(wanted):
        yield Violation("place.name-rule", "/name", {"name": wanted})


def _hours_flaws(place: Place) -> Iterator[Violation]:
    windows = {w.id for w in place.windows}
    for number, hours in enumerate(place.hours):
        pointer = f"/hours/{number}"
        yield from (Violation(code, f"{pointer}/spans/{at}") for at, code in _span_flaws(hours.spans))
        if not hours.spans or not hours.weekdays or not hours.weekdays <= set(range(1, 8)):
            yield Violation("place.hours-empty", pointer)
        if hours.until is not None and hours.until < hours.since:
            yield Violation("place.validity-reversed", f"{pointer}/until")
        if hours.kind not in (ServiceKind.REGULAR, *DELAY_KINDS):
            yield Violation("place.hours-kind", f"{pointer}/kind")
        if hours.kind is ServiceKind.REGULAR and hours.access is Access.APPOINTMENT:
            # Who comes in regular hours is served without an appointment (实施意见 二(二)4(1)).
            yield Violation("place.regular-needs-no-appointment", f"{pointer}/access")
        if not set(hours.windows) <= windows:
            yield Violation("place.window-unknown", f"{pointer}/windows")
        if hours.kind is ServiceKind.REGULAR:
            for earlier in place.hours[:number]:
                if earlier.kind is ServiceKind.REGULAR and _contradict(earlier, hours):
                    yield Violation("place.hours-contradict", pointer)
                    break


def _contradict(one: Hours, other: Hours) -> bool:
    """Two regular hours for the same windows on one weekday at one time: nobody could say which of them counts."""
    together = one.since <= (other.until or date.max) and other.since <= (one.until or date.max)
    same = not one.windows or not other.windows or bool(set(one.windows) & set(other.windows))
    return together and same and bool(one.weekdays & other.weekdays)


def _span_flaws(spans: tuple[Span, ...]) -> Iterator[tuple[int, str]]:
    for at, span in enumerate(spans):
        if not 0 <= span.start < MINUTES_OF_DAY or not span.start < span.end <= span.start + MINUTES_OF_DAY:
            yield at, "place.span-form"
        elif any(span.start < other.end and other.start < span.end for other in spans[:at]):
            yield at, "place.spans-overlap"


def _closure_flaws(place: Place) -> Iterator[Violation]:
    for number, closure in enumerate(place.closures):
        pointer = f"/closures/{number}"
        if closure.last < closure.first:
            yield Violation("place.validity-reversed", f"{pointer}/last")
        if not closure.reason.strip():
            yield Violation("case.text-missing", f"{pointer}/reason")
        if any(c.first <= closure.last and closure.first <= c.last for c in place.closures[:number]):
            yield Violation("place.closures-overlap", pointer)
        yield from (Violation(code, f"{pointer}/spans/{at}") for at, code in _span_flaws(closure.spans))
