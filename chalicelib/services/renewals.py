"""What a renewal, change or reissue makes of the certificate that it is about (行政许可法 49, 50).

From its issue on the new certificate stands in the place of the earlier one: the holder never has two that count. A
renewal goes on from the old end, so that they never have none either.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from chalicelib.domain import presence, renewals
from chalicelib.domain.cases import ROUTED, Case
from chalicelib.domain.catalog import ImplementationItem
from chalicelib.domain.certificates import NOTHING, Certificate, CertificateState
from chalicelib.domain.errors import Violation
from chalicelib.domain.presence import Shown
from chalicelib.domain.renewals import CaseKind, ends_at
from chalicelib.services.ports import Ports


@dataclass(frozen=True, slots=True)
class Place:
    """Which place a new certificate takes: that of ``identifier``; empty for what is applied for anew.

    ``found``: the certificate there. None where its person was erased. ``void``: it was annulled, so nothing takes its
    place any more.
    """

    identifier: str = ""
    found: Certificate | None = None
    void: bool = False

    @property
    def standing(self) -> Certificate | None:
        """The certificate there, if it counts."""
        return self.found if self.found is not None and self.found.state is CertificateState.VALID else None


def place(ports: Ports, case: Case) -> Place:
    """The end of the chain that began with the certificate which the case is about.

    Of two cases about one certificate the second takes the place of what the first has brought.
    """
    return end(ports, case.about.identifier) if case.about else Place()


def end(ports: Ports, identifier: str) -> Place:
    """The end of the chain from a certificate on: the only one of it that can count.

    What counts is written only as it was read; whatever else is found there is the end if the chain still leads to it.
    """
    while True:
        last, void = _last(ports, identifier)
        found = ports.certificates.get(last)
        if found is not None and found.state is CertificateState.VALID:
            return Place(last, found)
        if _last(ports, identifier) == (last, void):
            return Place(last, found, void or (found is not None and found.state is CertificateState.ANNULLED))


def _last(ports: Ports, identifier: str) -> tuple[str, bool]:
    """Where the chain ends, and whether it ends there for good."""
    while following := ports.certificates.successor(identifier):
        identifier = following
    return identifier, following == NOTHING


def rests_on_nothing(ports: Ports, case: Case) -> bool:
    """True for a case on its way whose certificate was annulled meanwhile: there is nothing to renew or change."""
    return case.about is not None and case.state in ROUTED and place(ports, case).void


def valid_until(case: Case, item: ImplementationItem, at: Place, now: datetime) -> datetime | None:
    """When the certificate of a case ends: a renewal goes on from the old end, a change or reissue keeps it.

    Nobody loses time that a certificate already gives them, though the case began before it was issued.
    """
    if case.about is None:
        return ends_at(now, item.result_validity)
    given = at.standing.valid_until if at.standing else case.about.valid_until
    if case.kind in (CaseKind.CHANGE, CaseKind.REISSUE):
        return given
    renewed = ends_at(case.about.valid_until or now, item.result_validity)
    return max(renewed, given) if renewed and given else None


def identified(ports: Ports, certificate: Certificate | None, shown: Shown | None) -> bool:
    """True if whoever stands at the window showed the document with which this certificate was applied for."""
    case = ports.cases.get(certificate.case_id) if certificate is not None and shown is not None else None
    return case is not None and shown is not None and presence.is_same_person(case, shown)


def unfit(ports: Ports, case: Case, now: datetime) -> tuple[Violation, ...]:
    """Why the certificate that a draft is about no longer allows the application, though it did when it was drafted.

    Who has no account was identified then, and their number is not kept.
    """
    if case.about is None:
        return ()
    held = ports.certificates.get(case.about.identifier)
    kind = renewals.CaseKind(case.kind)
    return tuple(renewals.obstacles(held, kind, case.applicant, case.item.basic_code, now, identified=True))
