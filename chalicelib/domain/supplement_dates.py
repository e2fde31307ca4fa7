"""Deferred materials (容缺材料): which may come later, until which day, and which are still awaited (D1, D2).

A day is promised inside the item's period and early enough to be checked before the promised limit ends. It ends at
24:00. A day on which the platform itself failed is no day at all: it moves.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from chalicelib.domain.case_events import AwaitedMaterial, DeferredMaterial
from chalicelib.domain.catalog import CaseType, ImplementationItem, Material
from chalicelib.domain.deadlines import ONE_DAY, Law, days_before, deadline, end_of, legal_day
from chalicelib.domain.errors import Violation
from chalicelib.domain.outages import touching
from chalicelib.domain.presence import is_provisional

if TYPE_CHECKING:
    from chalicelib.domain.calendar import Calendar
    from chalicelib.domain.cases import Case


@dataclass(frozen=True, slots=True)
class Supplement:
    """A material that was missing at acceptance. ``defects``: what its last check found, None of them open if empty."""

    code: str
    name: str
    due: date
    outcome: str
    supplied_at: datetime | None = None
    passed_at: datetime | None = None
    defects: tuple[str, ...] = ()
    told_at: datetime | None = None  # when defects were told for the first time
    found_at: datetime | None = None  # when they were found last

    @property
    def waits_for_check(self) -> bool:
        """It came, and nobody has said yet whether it is in order."""
        return self.supplied_at is not None and self.passed_at is None and not self.defects

    @property
    def is_awaited(self) -> bool:
        """It has not come, or what came was defective."""
        return self.passed_at is None and not self.waits_for_check


# -- the wish, at submission -----------------------------------------------------------------------------


def latest_day(item: ImplementationItem, material: Material, start: datetime, calendar: Calendar) -> date | None:
    """The last day that can be promised: inside the item's period, and early enough to check before the promised limit.

    None for a material that cannot be late.
    """
    terms = material.deferral
    if terms is None:
        return None
    last = deadline(start, terms.period, calendar).last_day
    decided = deadline(start, item.promised_limit, calendar).last_day if item.promised_limit else None
    if decided is not None and terms.checking is not None:
        decided = days_before(decided, terms.checking, calendar)
    return min(day for day in (last, decided) if day is not None)


def unlawful(
    deferred: Sequence[DeferredMaterial],
    item: ImplementationItem,
    applicant: str,
    given: Collection[str],
    now: datetime,
    calendar: Calendar,
) -> Iterator[Violation]:
    """Everything that speaks against a wish to hand materials in later.

    ``applicant``: their subject; ``given``: codes of the materials that are there.
    """
    if deferred and is_provisional(applicant):
        # A credit file is an account's: whoever has none could pass every bar on it (D5).
        yield Violation("supplement.account-needed", "/deferred")
    if deferred and item.case_type is CaseType.INSTANT:
        yield Violation("supplement.instant-item", "/deferred")
    known = {m.code: m for m in item.materials}
    codes = [d.code for d in deferred]
    for at, wish in enumerate(deferred):
        material = known.get(wish.code)
        if wish.code in codes[:at]:
            yield Violation("supplement.repeated", f"/deferred/{at}/code", {"code": wish.code})
        elif material is None or material.deferral is None:
            name = material.name if material else wish.code
            yield Violation("supplement.not-deferrable", f"/deferred/{at}/code", {"code": wish.code, "name": name})
        elif wish.code in given:
            yield Violation("supplement.given-already", f"/deferred/{at}/code", {"name": material.name})
        else:
            yield from _date_flaws(at, wish, latest_day(item, material, now, calendar), legal_day(now))


def _date_flaws(at: int, wish: DeferredMaterial, latest: date | None, today: date) -> Iterator[Violation]:
    if latest is None or latest < today:
        yield Violation("supplement.no-time", f"/deferred/{at}/promised_on", {"code": wish.code})
    elif not today <= wish.promised_on <= latest:
        params: dict[str, str | int] = {"code": wish.code, "earliest": today.isoformat(), "latest": latest.isoformat()}
        yield Violation("supplement.date-outside-period", f"/deferred/{at}/promised_on", params)


def at_acceptance(case: Case, law: Law, now: datetime) -> tuple[AwaitedMaterial, ...]:
    """The deferred materials that have not come by the acceptance, each with its day.

    A day that is over by then was taken from the applicant by whoever accepts: they get the item's whole period.
    """
    given, found = {m.code for m in case.materials}, []
    known = {m.code: m for m in law.item.materials}
    for wish in case.deferred:
        material = known.get(wish.code)
        if wish.code in given or material is None or material.deferral is None:
            continue
        day = wish.promised_on
        if day < legal_day(now):
            day = latest_day(law.item, material, now, law.calendar) or day
        found.append(AwaitedMaterial(wish.code, material.name, day, str(material.deferral.outcome)))
    return tuple(found)


def awaited(materials: Iterable[AwaitedMaterial]) -> tuple[Supplement, ...]:
    """What a case keeps of the materials that its acceptance named."""
    return tuple(Supplement(m.code, m.name, m.due, m.outcome) for m in materials)


def promised_later(case: Case) -> frozenset[str]:
    """Materials that need not be there yet: before the acceptance those of the wish, after it those still awaited."""
    if case.accepted_at is None:
        return frozenset(wish.code for wish in case.deferred)
    return frozenset(s.code for s in case.supplements if s.passed_at is None)


# -- until when ------------------------------------------------------------------------------------------


def due(found: Supplement, law: Law) -> datetime | None:
    """When it is too late; None while the platform's own failure holds the day open.

    Defects that were told give the version's time for mending, if that is longer than the day itself.
    """
    ends = [_moved(found.due, law)]
    terms = next((m.deferral for m in law.item.materials if m.code == found.code), None)
    if terms is not None and terms.mending is not None and found.told_at is not None:
        mended = deadline(found.told_at, terms.mending, law.calendar).last_day
        ends.append(_moved(mended, law) if mended else None)
    known = [end for end in ends if end is not None]
    return max(known) if len(known) == len(ends) else None


def _moved(day: date, law: Law) -> datetime | None:
    """24:00 of the day, or of the first working day after the failure that fell on it."""
    while outage := touching(law.outages, end_of(day - ONE_DAY), end_of(day)):
        if outage.until is None:
            return None
        day = max(day, legal_day(outage.until - timedelta(microseconds=1))) + ONE_DAY
        while not law.calendar.day(day).is_workday:
            day += ONE_DAY
    return end_of(day)


def outstanding(case: Case) -> tuple[Supplement, ...]:
    """What has not come in order yet."""
    return tuple(s for s in case.supplements if s.passed_at is None)
