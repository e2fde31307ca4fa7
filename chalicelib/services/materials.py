"""Materials of a draft and of a case: what is held already, and what was handed over on paper (B8, B9)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from chalicelib.domain import access
from chalicelib.domain.actors import Actor, ActorKind
from chalicelib.domain.case_events import SubmittedMaterial
from chalicelib.domain.cases import Case, CaseState
from chalicelib.domain.errors import Invalid, Refused
from chalicelib.domain.materials import Paper, RecordPapers
from chalicelib.services import cases, held
from chalicelib.services.changes import change
from chalicelib.services.ports import Ports, Receipt, RequestKey

EARLIER = 20
"""How many of a person's newest cases are looked at for data that they gave before."""

_NAME_FIELDS = {ActorKind.PERSON: "applicant_name", ActorKind.ORGANISATION: "organisation_name"}
_GIVEN_BEFORE = ("identity_number", "uscc", "legal_representative", "phone", "address")
"""Fields that every form has under the same name (``catalog_forms``) and that stay true from one case to the next."""


@dataclass(frozen=True, slots=True)
class Held:
    """``materials`` need not be supplied; ``fields`` can be filled in, each with where its value is from."""

    materials: tuple[SubmittedMaterial, ...]
    fields: Mapping[str, str]
    sources: Mapping[str, str]  # field name to account | earlier_case


def held_data(ports: Ports, actor: Actor, case_id: str) -> Held:
    """What a draft needs no asking for. For its applicant and filer; raises Refused once it is submitted.

    What was given in earlier cases is shown to the applicant alone: it is theirs, and whoever files for them was
    not given it.
    """
    case = cases.read(ports, actor, case_id, "held")
    if case.state is not CaseState.DRAFT:
        raise Refused.because("case.wrong-state", state=case.state)
    item = ports.catalog.offer(case.item.basic_code, case.division)
    if item is None:
        raise Invalid.because("item.not-offered", "/item")
    now = ports.clock.now()
    found = held.of_applicant(ports, item, case, now)
    known = item.form.get("properties", {})
    fields: dict[str, str] = {}
    sources: dict[str, str] = {}
    if access.is_applicant(case, actor):
        fields = {name: value for name, value in _given_before(ports, case).items() if name in known}
        sources = dict.fromkeys(fields, "earlier_case")
    own = _NAME_FIELDS.get(case.applicant.kind, "")
    if own in known and case.applicant.name:
        fields[own], sources[own] = case.applicant.name, "account"
    return Held(found, fields, sources)


def _given_before(ports: Ports, case: Case) -> Mapping[str, str]:
    """Data that the applicant handed in with their newest own case. Drafts confirm nothing."""
    for earlier in ports.cases.cases_of(case.applicant.subject, None, EARLIER).items:
        mine = earlier.applicant.subject == case.applicant.subject
        if mine and earlier.id != case.id and earlier.received_at is not None:
            return {name: str(earlier.form[name]) for name in _GIVEN_BEFORE if earlier.form.get(name)}
    return {}


def record_papers(
    ports: Ports, actor: Actor, case_id: str, papers: tuple[Paper, ...], *, key: RequestKey | None = None
) -> Receipt:
    """Record what was handed over at the receiving or accepting window."""
    return change(ports, actor, case_id, RecordPapers, lambda case, now: RecordPapers(papers), key=key)
