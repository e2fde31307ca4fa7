"""Credit records: entered, corrected and repaired by credit offices, read by the people they are about."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from itertools import count

from chalicelib.domain import credit as rules
from chalicelib.domain.actors import Actor, ActorKind
from chalicelib.domain.cases import Case
from chalicelib.domain.catalog import ImplementationItem
from chalicelib.domain.credit import CreditFile, CreditRecord, Effect, Entry, Terms
from chalicelib.domain.errors import NotFound, Refused, Violation, raise_all
from chalicelib.services.ports import Ports, Receipt, RequestKey


def enter(ports: Ports, actor: Actor, subject: str, terms: Terms, *, key: RequestKey | None = None) -> Receipt:
    """Put a record on file. Raises Forbidden for who is no credit office, or outside its area; Invalid."""
    now = ports.clock.now()
    rules.require_office(actor)
    file = ports.credit.file(subject)
    entry = rules.enter(file, actor, ports.ids.new(now), terms, now, is_safety_matter=_safety(ports, terms))
    return _commit(ports, file, entry, key)


def correct(
    ports: Ports, actor: Actor, record_id: str, terms: Terms, reason: str, *, key: RequestKey | None = None
) -> Receipt:
    """Put right what a record says; what it said before stays on file."""

    def act(file: CreditFile, now: datetime) -> Entry:
        return rules.correct(file, actor, record_id, terms, reason, now, is_safety_matter=_safety(ports, terms))

    return _change(ports, actor, record_id, act, key)


def strike(ports: Ports, actor: Actor, record_id: str, reason: str, *, key: RequestKey | None = None) -> Receipt:
    """Take a record out that was wrong from the beginning."""
    return _change(ports, actor, record_id, lambda file, now: rules.strike(file, actor, record_id, reason, now), key)


def repair(ports: Ports, actor: Actor, record_id: str, how: str, *, key: RequestKey | None = None) -> Receipt:
    """Lift the bar of a record from now on: the subject has repaired their credit (信用修复)."""
    return _change(ports, actor, record_id, lambda file, now: rules.repair(file, actor, record_id, how, now), key)


def read(ports: Ports, actor: Actor, record_id: str) -> tuple[CreditRecord, tuple[Entry, ...]]:
    """A record with all its entries. Raises NotFound for whoever may not see it."""
    file = _file_of(ports, record_id)
    record = file.record(record_id)
    if record is None or not rules.may_see(record, actor):
        raise NotFound.because("credit.not-found")
    return record, tuple(entry for entry in file.entries if entry.record == record_id)


def listed(ports: Ports, actor: Actor, subject: str = "") -> list[CreditRecord]:
    """What is on record about oneself; for a credit office, what it may see about a subject. Newest first."""
    if actor.kind not in (ActorKind.PERSON, ActorKind.ORGANISATION):
        rules.require_office(actor)
    about = actor.subject if actor.kind in (ActorKind.PERSON, ActorKind.ORGANISATION) else subject
    return [record for record in reversed(ports.credit.file(about).records) if rules.may_see(record, actor)]


def barring(
    ports: Ports, case: Case, item: ImplementationItem, effect: Effect, now: datetime
) -> tuple[CreditFile, tuple[Violation, ...]]:
    """The applicant's file and what in it bars this case, to be committed only while the file stands as read."""
    file = ports.credit.file(case.applicant.subject)
    return file, _bars(file, case, item, effect, now)


def _bars(
    file: CreditFile, case: Case, item: ImplementationItem, effect: Effect, now: datetime
) -> tuple[Violation, ...]:
    found = rules.bars(
        file,
        effect,
        basic_code=item.basic_code,
        department=item.body.department,
        division=case.division,
        at=now,
    )
    return tuple(found)


def admitted(ports: Ports, case: Case, now: datetime) -> CreditFile:
    """The applicant's file, if nothing on it keeps them from applying. Raises Refused with every bar."""
    item = ports.catalog.version(case.item.code, case.item.version)
    if item is None:
        raise LookupError(f"no version {case.item.version} of {case.item.code}: versions are never removed")
    file = ports.credit.file(case.applicant.subject)
    raise_all(Refused, bars_to_apply(file, case, item, now))
    return file


def supposing_none(ports: Ports) -> Callable[[Case, datetime], CreditFile]:
    """``admitted`` for an act that is tried again after a conflict: the first try supposes that there is no file.

    Hardly anybody has one. The commit checks that there is none, so supposing it wrongly ends in a conflict, and what
    is on file is read and judged.
    """
    tries = count()

    def file(case: Case, now: datetime) -> CreditFile:
        return admitted(ports, case, now) if next(tries) else CreditFile(case.applicant.subject)

    return file


def bars_to_apply(file: CreditFile, case: Case, item: ImplementationItem, now: datetime) -> tuple[Violation, ...]:
    """What on a file keeps its subject from applying at all."""
    return _bars(file, case, item, Effect.APPLICATION, now)


def _safety(ports: Ports, terms: Terms) -> Callable[[str], bool]:
    def is_safety_matter(basic_code: str) -> bool:
        item = ports.catalog.offer(basic_code, terms.scope.division)
        return item is not None and item.safety_matter

    return is_safety_matter


def _file_of(ports: Ports, record_id: str) -> CreditFile:
    subject = ports.credit.subject_of(record_id)
    if subject is None:
        raise NotFound.because("credit.not-found")
    return ports.credit.file(subject)


def _change(
    ports: Ports, actor: Actor, record_id: str, act: Callable[[CreditFile, datetime], Entry], key: RequestKey | None
) -> Receipt:
    file = _file_of(ports, record_id)
    return _commit(ports, file, act(file, ports.clock.now()), key)


def _commit(ports: Ports, file: CreditFile, entry: Entry, key: RequestKey | None) -> Receipt:
    receipt = Receipt("credit", entry.record, entry.number, (entry.number,), {"state": str(entry.kind)})
    ports.credit.commit(file, entry, key=key, receipt=receipt)
    return receipt
