"""What a revocation makes of certificates: which no longer count, and which counts again (行政许可法 69).

A renewal, change or reissue rests on the certificate that it is about; nobody else could end it once that is void.
Where it was the renewal, change or reissue itself that was obtained by deceit, only that is void: what it had replaced
was granted lawfully and counts for the rest of its own time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from chalicelib.domain.case_events import ResultIssued
from chalicelib.domain.cases import Case
from chalicelib.domain.certificates import Certificate, CertificateState
from chalicelib.services import renewals
from chalicelib.services.ports import Ports


@dataclass(frozen=True, slots=True)
class Annulment:
    """``standing``: every certificate that it touches, as it stands from then on. ``reinstated``: what counts again.

    ``last``: the end of the chain, also where its person was erased; nothing takes its place any more.
    """

    standing: tuple[Certificate, ...] = ()
    reinstated: str = ""
    last: str = ""


def of(ports: Ports, case: Case, now: datetime) -> Annulment:
    """What becomes of the case's own certificate, of what came of it, and of what it had replaced."""
    if not case.certificate:
        return Annulment()
    end = renewals.end(ports, case.certificate)
    annulled = tuple(_annulled(ports, case, end))
    # What no longer counts has given way to something else, or to a revocation before this one: nothing comes back.
    earlier = _earlier(ports, case, now) if end.standing is not None else None
    last = "" if end.void else end.identifier
    if earlier is None:
        return Annulment(annulled, "", last)
    return Annulment((*annulled, earlier.reinstated()), earlier.identifier, last)


def _annulled(ports: Ports, case: Case, end: renewals.Place) -> Iterator[Certificate]:
    """Of a chain only the end counts; what lies between was replaced and stays so."""
    if end.standing is not None:
        yield end.standing.annulled()
    if end.identifier != case.certificate:
        own = ports.certificates.get(case.certificate)
        if own is not None:
            yield own.annulled()


def _earlier(ports: Ports, case: Case, now: datetime) -> Certificate | None:
    """What the case's certificate had replaced, unless it has ended, was annulled itself, or its person was erased."""
    if case.about is None:
        return None
    issued = (record.event for record in ports.cases.log(case.id) if isinstance(record.event, ResultIssued))
    replaces = next((event.replaces for event in issued), "")
    found = ports.certificates.get(replaces) if replaces else None
    if found is None or found.state is not CertificateState.REPLACED or found.replaced_by != case.certificate:
        return None
    return None if found.ended(now) else found
