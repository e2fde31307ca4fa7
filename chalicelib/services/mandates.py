"""Mandates of chief representatives (首席事务代表), and what they decide on the spot under them (即办件, B6)."""

from __future__ import annotations

from datetime import datetime

from chalicelib.domain import cases
from chalicelib.domain import mandates as rules
from chalicelib.domain.actors import Actor, ActorKind, Role
from chalicelib.domain.case_rules import Act
from chalicelib.domain.cases import Case, CaseState
from chalicelib.domain.catalog import CaseType
from chalicelib.domain.documents import DocumentKind
from chalicelib.domain.errors import Forbidden, Invalid, NotFound, Violation, raise_all
from chalicelib.domain.mandates import DecideInstantly, Mandate, Terms
from chalicelib.services import lapses
from chalicelib.services.changes import change
from chalicelib.services.documents import blank, write
from chalicelib.services.numbers import case_number
from chalicelib.services.ports import Page, Ports, Receipt, RequestKey

MOST = 50
"""The newest mandates of an officer that are looked at when they decide."""


def give(ports: Ports, actor: Actor, terms: Terms, *, key: RequestKey | None = None) -> Receipt:
    """The head of a body mandates one of its officers. Raises Forbidden, Invalid with every item that does not fit."""
    now = ports.clock.now()
    mandate = rules.give(actor, ports.ids.new(now), terms, now)
    raise_all(Invalid, [_item(ports, actor, i, code) for i, code in enumerate(terms.items)])
    return _commit(ports, mandate, 0, key)


def revoke(ports: Ports, actor: Actor, mandate_id: str, *, key: RequestKey | None = None) -> Receipt:
    """A head of the body takes the mandate back: from now on nothing is decided under it."""
    before = read(ports, actor, mandate_id)
    return _commit(ports, rules.revoke(before, actor, ports.clock.now()), before.version, key)


def read(ports: Ports, actor: Actor, mandate_id: str) -> Mandate:
    """The mandate, for its officer and the heads of its body. Raises NotFound for everybody else."""
    mandate = ports.mandates.get(mandate_id)
    if mandate is None or not rules.may_see(mandate, actor):
        raise NotFound.because("mandate.not-found")
    return mandate


def visible(ports: Ports, actor: Actor, after: str | None, limit: int) -> Page[Mandate]:
    """For a head those of the body, for any other officer their own; newest first."""
    if actor.kind is not ActorKind.OFFICER or not actor.body:
        raise Forbidden.because("mandate.officers-only")
    if Role.HEAD in actor.roles:
        return ports.mandates.of_body(actor.body, after, limit)
    return ports.mandates.of_officer(actor.subject, after, limit)


def decide_instantly(
    ports: Ports, actor: Actor, case_id: str, *, opinion: str, amount: int | None, key: RequestKey | None = None
) -> Receipt:
    """Grant in one act what a mandate covers, and accept it first where that was not done yet.

    The workflow is not waited for: it finds the case decided and ends. Raises Refused with ``item.not-instant``,
    ``mandate.…`` or ``task.…``; Conflict when the mandate was revoked in the same moment.
    """

    def build(case: Case, now: datetime) -> DecideInstantly:
        held = tuple(ports.mandates.of_officer(actor.subject, None, MOST).items)
        # Judged once without numbers, so that none is spent on a refusal.
        unwritten = blank(DocumentKind.ACCEPTANCE, now)
        trial = DecideInstantly(held, amount, opinion, unwritten, "", unwritten)
        act = Act(actor, now, lapses.law_of(ports, case))
        cases.judge(case, trial, act)
        mandate = rules.unfit_for(held, actor, case.route.nodes[-1].body, case.item.basic_code, amount, now)
        signer, named = case.route.nodes[-1].signature, getattr(mandate, "id", "")
        number, acceptance = case.case_number, None
        if case.state is CaseState.RECEIVED:
            number = case_number(ports, case, now)
            accepting = case.pending_node.signature if case.pending_node else signer
            acceptance = write(ports, case, DocumentKind.ACCEPTANCE, now, accepting, number=number)
        told = {"opinion": opinion, "mandate": named}
        decision = write(ports, case, DocumentKind.GRANT, now, signer, number=number, **told)
        return DecideInstantly(held, amount, opinion, decision, number, acceptance)

    return change(ports, actor, case_id, DecideInstantly, build, key=key)


def _item(ports: Ports, actor: Actor, at: int, basic_code: str) -> Violation | None:
    item = ports.catalog.offer(basic_code, actor.division)
    if item is None:
        return Violation("item.not-offered", f"/items/{at}")
    return None if item.case_type is CaseType.INSTANT else Violation("item.not-instant", f"/items/{at}")


def _commit(ports: Ports, mandate: Mandate, expected_version: int, key: RequestKey | None) -> Receipt:
    receipt = Receipt("mandate", mandate.id, mandate.version, (), {"state": str(mandate.state)})
    ports.mandates.commit(mandate, expected_version=expected_version, key=key, receipt=receipt)
    return receipt
