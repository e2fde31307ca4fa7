"""The numbers and documents that a lapse needs before it becomes a fact: only the outside can give them.

They stand together here, apart from the use cases of their parts, so that whoever settles a case has all of them.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from functools import singledispatch

from chalicelib.domain.case_events import awaited_terms
from chalicelib.domain.cases import Case
from chalicelib.domain.catalog import CorrectionOutcome, LateOutcome, StepRole
from chalicelib.domain.commitment_checks import FlagOverdue, LapseDefence
from chalicelib.domain.deemed_acceptance import DeemAccepted
from chalicelib.domain.documents import DocumentKind
from chalicelib.domain.law import REMEDIES
from chalicelib.domain.notices import LapseCorrection
from chalicelib.domain.renewals import DeemRenewed
from chalicelib.domain.supplements import LapseSupplements
from chalicelib.services.documents import write
from chalicelib.services.numbers import case_number
from chalicelib.services.ports import Ports


@singledispatch
def complete(command: object, ports: Ports, case: Case, at: datetime) -> object:
    """The command of a lapse, ready to be handled. ``at`` is the moment from which it counts."""
    raise TypeError(f"nobody said what {type(command).__name__} needs")


@complete.register
def _deem_renewed(command: DeemRenewed, ports: Ports, case: Case, at: datetime) -> DeemRenewed:
    body = command.document.body
    return replace(command, document=write(ports, case, DocumentKind.DEEMED_RENEWAL, at, body))


@complete.register
def _deem_accepted(command: DeemAccepted, ports: Ports, case: Case, at: datetime) -> DeemAccepted:
    now = ports.clock.now()
    number, body = case_number(ports, case, now), _accepting_body(case)
    told = {"basis": command.basis, **awaited_terms(command.awaited)}
    document = write(ports, case, DocumentKind.ACCEPTANCE, now, body, number=number, **told)
    return replace(command, case_number=number, document=document)


@complete.register
def _lapse_correction(command: LapseCorrection, ports: Ports, case: Case, at: datetime) -> LapseCorrection:
    withdrawn = command.outcome is CorrectionOutcome.DEEMED_WITHDRAWN
    kind = DocumentKind.DEEMED_WITHDRAWAL if withdrawn else DocumentKind.NON_ACCEPTANCE
    now, body = ports.clock.now(), _accepting_body(case)
    document = write(ports, case, kind, now, body, reason=command.reason, basis=command.basis)
    return replace(command, document=document)


@complete.register
def _lapse_supplements(command: LapseSupplements, ports: Ports, case: Case, at: datetime) -> LapseSupplements:
    kinds = {
        LateOutcome.DEEMED_WITHDRAWN: DocumentKind.DEEMED_WITHDRAWAL,
        LateOutcome.ACCEPTANCE_REVOKED: DocumentKind.ACCEPTANCE_REVOCATION,
        LateOutcome.REFUSED: DocumentKind.REFUSAL,
    }
    refused = command.outcome == LateOutcome.REFUSED
    remedies = REMEDIES if refused else ""
    body = case.route.nodes[-1].signature if refused else _accepting_body(case)
    told = {"reasons": command.reason} | ({"remedies": remedies} if remedies else {})
    document = write(ports, case, kinds[LateOutcome(command.outcome)], ports.clock.now(), body, **told)
    return replace(command, remedies=remedies, document=document)


@complete.register(LapseDefence)
@complete.register(FlagOverdue)
def _as_it_is(command: object, ports: Ports, case: Case, at: datetime) -> object:
    """Nothing is written: the facts speak for themselves."""
    return command


def _accepting_body(case: Case) -> str:
    """In whose name acceptance is spoken of: the node of acceptance answers, whoever stands before it."""
    return next((node.signature for node in case.route.nodes if node.role is StepRole.ACCEPT), "")
