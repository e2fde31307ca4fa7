"""Credit (信用): what bars a person or organisation from a promise, from late materials, or from applying at all.

A file holds every entry about one subject, in order, and is never edited: a record is entered, corrected, struck when
it was wrong from the beginning, or repaired (信用修复), and what it says now is the fold of its entries. A bar begins
at the moment that the record names, never before the decision that it rests on. Repair lifts it from then on.

The bars of 行政许可法 78 and 79 (one and three years) exist only in matters that concern safety directly; whether an
item is such a matter, its version says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from chalicelib.domain.actors import Actor, ActorKind, Role
from chalicelib.domain.deadlines import legal_day
from chalicelib.domain.divisions import contains
from chalicelib.domain.errors import Forbidden, Invalid, NotFound, Refused, Violation, raise_all

SAFETY_BARS = {("XKF", "78"): 1, ("XKF", "79"): 3}
"""Years for which 行政许可法 keeps who deceived from applying again, by law and article. Nobody can lift them."""


class Effect(StrEnum):
    """What a record bars."""

    COMMITMENT = "commitment"  # 告知承诺
    INCOMPLETE_ACCEPTANCE = "incomplete_acceptance"  # 容缺受理
    APPLICATION = "application"  # 不得再次申请


class Source(StrEnum):
    """Where a record comes from."""

    FALSE_COMMITMENT = "false_commitment"  # the revocation of what was decided on a promise
    OFFICE = "office"  # entered by a credit office


class EntryKind(StrEnum):
    """What happened to a record."""

    ENTERED = "entered"
    CORRECTED = "corrected"
    STRUCK = "struck"
    REPAIRED = "repaired"


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a record bars: in a division and all below it; empty ``items`` and ``departments`` mean all of them."""

    division: str
    items: tuple[str, ...] = ()  # basic codes
    departments: tuple[str, ...] = ()  # fields of administration

    def covers(self, basic_code: str, department: str, division: str) -> bool:
        """Whether it reaches an item of a department, applied for in a division."""
        return (
            contains(self.division, division)
            and (not self.items or basic_code in self.items)
            and (not self.departments or department in self.departments)
        )


@dataclass(frozen=True, slots=True)
class Terms:
    """What a record says. ``end``: the first moment at which it bars no more; None: until it is repaired.

    ``repair_way`` tells the subject what to do; empty: no repair, the bar ends by itself.
    """

    reason: str
    law: str
    article: str
    effects: tuple[Effect, ...]
    scope: Scope
    start: datetime
    end: datetime | None = None
    repair_way: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a file. ``terms`` of what was entered or corrected; ``text``: why corrected or struck, how repaired.

    ``at`` is when it was written, and a repair counts from then.
    """

    number: int
    record: str
    kind: EntryKind
    at: datetime
    by: str
    body: str
    terms: Terms | None = None
    text: str = ""
    source: Source = Source.OFFICE
    case_id: str = ""


@dataclass(frozen=True, slots=True)
class Repair:
    """How a record was repaired, when, and by which office."""

    how: str
    at: datetime
    by: str
    body: str


@dataclass(frozen=True, slots=True)
class CreditRecord:
    """A record as its entries have made it."""

    id: str
    subject: str
    source: Source
    terms: Terms
    entered_at: datetime
    body: str
    case_id: str = ""
    repair: Repair | None = None
    struck_at: datetime | None = None

    def bars_at(self, at: datetime) -> bool:
        """True from its start until its end, its repair, or until it was struck."""
        ends = [self.terms.end, self.repair.at if self.repair else None, self.struck_at]
        return self.terms.start <= at and all(end is None or at < end for end in ends)


@dataclass(frozen=True, slots=True)
class CreditFile:
    """Everything on record about a subject. ``version`` is the number of the last entry, 0 for a clean sheet."""

    subject: str
    entries: tuple[Entry, ...] = field(default=())

    @property
    def version(self) -> int:
        """By which two writers of the same file are told apart."""
        return self.entries[-1].number if self.entries else 0

    @property
    def records(self) -> tuple[CreditRecord, ...]:
        """Every record as it stands now, in the order in which they were entered."""
        found: dict[str, CreditRecord] = {}
        for entry in self.entries:
            found[entry.record] = _after(found.get(entry.record), entry, self.subject)
        return tuple(found.values())

    def record(self, record_id: str) -> CreditRecord | None:
        """One of them."""
        return next((record for record in self.records if record.id == record_id), None)


def _after(record: CreditRecord | None, entry: Entry, subject: str) -> CreditRecord:
    if record is None:
        if entry.terms is None:
            raise ValueError("the first entry of a record says what it is")
        return CreditRecord(entry.record, subject, entry.source, entry.terms, entry.at, entry.body, entry.case_id)
    match entry.kind:
        case EntryKind.CORRECTED if entry.terms is not None:
            return replace(record, terms=entry.terms)
        case EntryKind.STRUCK:
            return replace(record, struck_at=entry.at)
        case EntryKind.REPAIRED:
            return replace(record, repair=Repair(entry.text, entry.at, entry.by, entry.body))
    raise ValueError(f"a record is not {entry.kind} twice")


# -- what is barred ----------------------------------------------------------------------------------------


def bars(
    file: CreditFile, effect: Effect, *, basic_code: str, department: str, division: str, at: datetime
) -> Iterator[Violation]:
    """Each record that bars the way at a moment, with its reason and how it is repaired."""
    for record in file.records:
        terms = record.terms
        if effect in terms.effects and terms.scope.covers(basic_code, department, division) and record.bars_at(at):
            yield Violation(
                "credit.barred",
                "",
                {
                    "record": record.id,
                    "reason": terms.reason,
                    "basis": f"{terms.law} {terms.article}".strip(),
                    "since": legal_day(terms.start).isoformat(),
                    "until": legal_day(terms.end).isoformat() if terms.end else "—",
                    "repair": terms.repair_way or "—",
                },
            )


# -- entries -----------------------------------------------------------------------------------------------


def enter(
    file: CreditFile,
    actor: Actor,
    record_id: str,
    terms: Terms,
    now: datetime,
    *,
    is_safety_matter: Callable[[str], bool],
) -> Entry:
    """A credit office puts a record on file. Raises Forbidden for others, Invalid with everything that does not fit."""
    _only_the_office(actor, terms.scope.division)
    raise_all(Invalid, _defects(terms, now, is_safety_matter))
    return Entry(
        file.version + 1, record_id, EntryKind.ENTERED, now, actor.subject, actor.body, terms, source=Source.OFFICE
    )


def correct(
    file: CreditFile,
    actor: Actor,
    record_id: str,
    terms: Terms,
    reason: str,
    now: datetime,
    *,
    is_safety_matter: Callable[[str], bool],
) -> Entry:
    """Put right what a record says. What it said before stays on file."""
    _standing(file, actor, record_id)
    _only_the_office(actor, terms.scope.division)
    raise_all(Invalid, [*_defects(terms, now, is_safety_matter), _unsaid(reason, "/reason")])
    return Entry(file.version + 1, record_id, EntryKind.CORRECTED, now, actor.subject, actor.body, terms, text=reason)


def strike(file: CreditFile, actor: Actor, record_id: str, reason: str, now: datetime) -> Entry:
    """Take a record out that should never have been entered: it bars nothing any more."""
    _standing(file, actor, record_id)
    raise_all(Invalid, [_unsaid(reason, "/reason")])
    return Entry(file.version + 1, record_id, EntryKind.STRUCK, now, actor.subject, actor.body, text=reason)


def repair(file: CreditFile, actor: Actor, record_id: str, how: str, now: datetime) -> Entry:
    """Record that the subject has repaired their credit: from now on it bars nothing.

    Raises Refused for a bar that no repair lifts: its law gives it a fixed time.
    """
    record = _standing(file, actor, record_id)
    if not record.terms.repair_way:
        raise Refused.because("credit.not-repairable")
    raise_all(Invalid, [_unsaid(how, "/how")])
    return Entry(file.version + 1, record_id, EntryKind.REPAIRED, now, actor.subject, actor.body, text=how)


def from_revocation(
    file: CreditFile, record_id: str, terms: Terms, case_id: str, by: str, body: str, now: datetime
) -> Entry | None:
    """What the revocation of a decision on a false promise puts on file; None if it stands there already."""
    if file.record(record_id) is not None:
        return None
    return Entry(
        file.version + 1,
        record_id,
        EntryKind.ENTERED,
        now,
        by,
        body,
        terms,
        source=Source.FALSE_COMMITMENT,
        case_id=case_id,
    )


def years_later(at: datetime, years: int) -> datetime:
    """The same day and time some years later; 29 February becomes 1 March."""
    try:
        return at.replace(year=at.year + years)
    except ValueError:
        return at.replace(year=at.year + years, month=3, day=1)


def months_later(at: datetime, months: int) -> datetime:
    """The same day and time some months later; what that month does not have becomes the first of the next."""
    years, month = divmod(at.month - 1 + months, 12)
    try:
        return at.replace(year=at.year + years, month=month + 1)
    except ValueError:
        return at.replace(year=at.year + years, month=month + 2, day=1)


def _defects(terms: Terms, now: datetime, is_safety_matter: Callable[[str], bool]) -> Iterable[Violation | None]:
    years = SAFETY_BARS.get((terms.law, terms.article))
    yield _unsaid(terms.reason, "/reason")
    if not terms.effects:
        yield Violation("credit.effect-missing", "/effects")
    if terms.start > now:
        yield Violation("credit.starts-later", "/start")
    if terms.end is not None and terms.end <= terms.start:
        yield Violation("credit.ends-before-start", "/end")
    if terms.end is None and not terms.repair_way.strip():
        yield Violation("credit.endless", "/end")
    if Effect.APPLICATION in terms.effects and years is not None:
        if not terms.scope.items:
            yield Violation("credit.items-missing", "/scope/items", {"article": terms.article})
        for at, basic_code in enumerate(terms.scope.items):
            if not is_safety_matter(basic_code):
                yield Violation("credit.not-a-safety-matter", f"/scope/items/{at}", {"article": terms.article})
        if terms.end is None or terms.end > years_later(terms.start, years):
            yield Violation("credit.bar-too-long", "/end", {"years": years, "article": terms.article})


# -- who may ---------------------------------------------------------------------------------------------------


def may_see(record: CreditRecord, actor: Actor) -> bool:
    """The subject, and the credit offices in whose area the record bars."""
    if actor.kind in (ActorKind.PERSON, ActorKind.ORGANISATION):
        return actor.subject == record.subject
    return _is_office(actor) and contains(actor.division, record.terms.scope.division)


def require_office(actor: Actor) -> None:
    """Raise Forbidden for whoever keeps no credit records."""
    if not _is_office(actor):
        raise Forbidden.because("credit.office-only")


def _is_office(actor: Actor) -> bool:
    return actor.kind is ActorKind.OFFICER and Role.CREDIT in actor.roles and bool(actor.division)


def _only_the_office(actor: Actor, division: str) -> None:
    require_office(actor)
    if not contains(actor.division, division):
        raise Forbidden.because("credit.outside-your-area")


def _standing(file: CreditFile, actor: Actor, record_id: str) -> CreditRecord:
    record = file.record(record_id)
    if record is None or not may_see(record, actor):
        raise NotFound.because("credit.not-found")
    require_office(actor)
    if record.struck_at is not None or record.repair is not None:
        raise Refused.because("credit.settled")
    return record


def _unsaid(text: str, pointer: str) -> Violation | None:
    return None if text.strip() else Violation("case.text-missing", pointer)
