"""The one way in which a case changes: read, authorise, judge, commit.

Two commands on one case at the same time are told apart by its version. The one that comes second is
judged again on the new state, a few times, so that a herder's withdrawal is not lost because the
workflow moved in the same second.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from chalicelib.domain import access, cases, mandates
from chalicelib.domain.actors import Actor, ActorKind
from chalicelib.domain.authorities import Authority
from chalicelib.domain.case_events import EventRecord
from chalicelib.domain.cases import Case
from chalicelib.domain.certificates import Certificate
from chalicelib.domain.credit import CreditFile
from chalicelib.domain.errors import Conflict, Stale
from chalicelib.services import lapses
from chalicelib.services.ports import Ports, Receipt, RequestKey, Timer

Build = Callable[[Case, datetime], object]


def change(
    ports: Ports,
    actor: Actor,
    case_id: str,
    act: type,
    build: Build,
    *,
    key: RequestKey | None = None,
    expected: int | None = None,
    token: str | None = None,
    certificate: Callable[[Case, datetime], Certificate | None] | None = None,
    standing: Callable[[Case], Iterable[Certificate]] | None = None,
    credit: Callable[[Case, datetime], CreditFile] | None = None,
    timers: Sequence[Timer] = (),
    cleared: Sequence[str] = (),
) -> Receipt:
    """Do one act to a case and return its receipt.

    ``build`` makes the command from the case as it stands. ``expected`` is the version named by
    If-Match. ``certificate`` is made with it, ``standing`` are others as they stand from then on; both are asked for
    after ``build``, at every attempt. ``credit`` judges the applicant's file and returns it: it must stand as read when
    the act is committed.
    Raises NotFound, Forbidden, Stale, Refused, Invalid; Conflict only after ``lapses.ATTEMPTS``.
    """
    for attempt in range(1, lapses.ATTEMPTS + 1):
        now = ports.clock.now()
        stored = ports.cases.get(case_id)
        authority = authority_of(ports, actor, stored, act)
        law = lapses.law_of(ports, stored)
        # Time may be faster than the actor: what they may do is judged on what it has made of the case, even if nobody
        # has recorded that yet.
        judged = lapses.seen_at(ports, stored, now, law) if stored else None
        allowed = access.authorise(judged, actor, act, authority, now)
        case = stored or allowed
        if expected is not None and case.version != expected:
            raise Stale.because("case.stale", current=case.version)
        try:
            seen = lapses.settle(ports, case, law, now)
            file = credit(seen, now) if credit else None
            command = build(seen, now)
            after, events = cases.handle(seen, command, actor, now, law=law)
            receipt = receipt_of(after, events)
            ports.cases.commit(
                after,
                events,
                expected_version=seen.version,
                key=key,
                receipt=receipt,
                token=token,
                certificate=certificate(after, now) if certificate else None,
                standing=tuple(standing(after)) if standing else (),
                authority=authority,
                mandate=mandates.resting_on(command, events),
                credit=file,
                timers=[*timers, *lapses.timers(after, law or lapses.law_of(ports, after), now)],
                cleared=cleared,
            )
        except Conflict:
            if attempt == lapses.ATTEMPTS or (key and ports.cases.receipt(key.scope)):
                raise
            continue
        return receipt
    raise AssertionError("unreachable: the last attempt returns or raises")


def authority_of(ports: Ports, actor: Actor, case: Case | None, act: type) -> Authority | None:
    """The authority that an agent's act on this case rests on; other acts rest on none."""
    if case is None or actor.kind is not ActorKind.AGENT or act not in access.APPLICANT_ACTS or not case.authority:
        return None
    return ports.authorities.get(case.authority)


def receipt_of(case: Case, events: Sequence[EventRecord]) -> Receipt:
    """What a command answers: version, event numbers and the numbers that it gave."""
    result = {"state": str(case.state)}
    result |= {
        name: value
        for name, value in (
            ("receipt_number", case.receipt_number),
            ("case_number", case.case_number),
            ("certificate", case.certificate),
        )
        if value
    }
    documents = [d.number for d in (getattr(r.event, "document", None) for r in events) if d is not None]
    if documents:
        result["document"] = documents[-1]
    return Receipt("case", case.id, case.version, tuple(r.number for r in events), result)
