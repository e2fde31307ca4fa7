"""首问负责: who is asked first answers for it until somebody else has taken it over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from chalicelib.domain.actors import Role
from chalicelib.domain.enquiries import Question
from chalicelib.domain.errors import DomainError, Forbidden, Invalid, NotFound, Refused
from chalicelib.services import enquiries
from tests import factories as f
from tests import journey

OWNER, OTHER, COLLEAGUE = f.WINDOW, f.BANNER_REVIEWER, f.ACCEPTOR
HEAD = replace(f.WINDOW, subject="sum-head", roles=frozenset({Role.HEAD}))
BANNER = f.BANNER_BUREAU.id


def asked(world: f.World, text: str = "需要什么材料?") -> str:
    return enquiries.ask(world, OWNER, Question(text, f.BASIC, "13800000000")).id


def offered(world: f.World, officer: str = "") -> str:
    made = asked(world)
    enquiries.offer(world, OWNER, made, officer=officer, body=BANNER, reason="属于教育部门职责")
    return made


@pytest.mark.requirement("B7")
def test_the_officer_who_is_asked_owns_it_until_it_is_taken_and_every_step_is_kept() -> None:
    world = f.World()
    made = offered(world)
    assert enquiries.read(world, OWNER, made)[0].owner == OWNER.subject
    assert [q.id for q in enquiries.listed(world, OTHER, "body", None, 5).items] == [made]
    enquiries.take(world, OTHER, made)
    enquiry, history = enquiries.read(world, OTHER, made)
    assert (enquiry.owner, enquiry.body, enquiry.offered_body) == (OTHER.subject, BANNER, "")
    assert [(s.number, str(s.kind), s.by) for s in history] == [
        (1, "asked", OWNER.subject),
        (2, "offered", OWNER.subject),
        (3, "taken", OTHER.subject),
    ]
    assert history[1].text == "属于教育部门职责"
    assert enquiries.listed(world, OTHER, "body", None, 5).items == []
    assert [q.id for q in enquiries.listed(world, OTHER, "mine", None, 5).items] == [made]
    with pytest.raises(NotFound):
        enquiries.read(world, OWNER, made)


@pytest.mark.requirement("B7")
def test_who_declines_leaves_it_with_its_owner() -> None:
    world = f.World()
    made = offered(world, OTHER.subject)
    assert [q.id for q in enquiries.listed(world, OTHER, "offered", None, 5).items] == [made]
    enquiries.decline(world, OTHER, made, reason="应由市场监管部门答复")
    assert enquiries.read(world, OWNER, made)[0].owner == OWNER.subject
    with pytest.raises(NotFound):
        enquiries.take(world, OTHER, made)


@pytest.mark.requirement("B7")
def test_the_head_of_the_body_can_offer_it_for_an_owner_who_cannot() -> None:
    world = f.World()
    made = asked(world)
    enquiries.offer(world, HEAD, made, officer="", body=f.SUM_CENTRE.id, reason="经办人休假")
    enquiries.take(world, replace(OWNER, subject="deputy"), made)
    assert enquiries.read(world, HEAD, made)[0].owner == "deputy"


def test_it_is_answered_bettered_and_closed_by_its_owner() -> None:
    world = f.World()
    made = asked(world)
    enquiries.answer(world, OWNER, made, text="申请表")
    enquiries.answer(world, OWNER, made, text="申请表和证明")
    enquiries.close(world, OWNER, made, reason="")
    enquiry, history = enquiries.read(world, OWNER, made)
    assert (enquiry.state, enquiry.answer) == ("closed", "申请表和证明")
    assert [s.text for s in history] == ["", "申请表", "申请表和证明", ""]


def test_an_answer_ends_an_offer_that_nobody_took() -> None:
    world = f.World()
    made = offered(world)
    enquiries.answer(world, OWNER, made, text="已答复")
    assert enquiries.listed(world, OTHER, "body", None, 5).items == []


def test_it_is_linked_only_to_a_case_that_its_owner_may_see() -> None:
    world = f.World()
    made, case_id = asked(world), journey.submitted(world)
    with pytest.raises(NotFound, match=r"case\.not-found"):
        enquiries.link(world, OWNER, made, case_id=case_id)
    journey.opened(world, case_id)
    enquiries.link(world, OWNER, made, case_id=case_id)
    assert enquiries.read(world, OWNER, made)[0].case_id == case_id


Act = Callable[[f.World, f.Actor, str], object]

TAKE: Act = lambda w, a, q: enquiries.take(w, a, q)  # noqa: E731
DECLINE: Act = lambda w, a, q: enquiries.decline(w, a, q, reason="x")  # noqa: E731
ANSWER: Act = lambda w, a, q: enquiries.answer(w, a, q, text="x")  # noqa: E731
CLOSE: Act = lambda w, a, q: enquiries.close(w, a, q, reason="x")  # noqa: E731
OFFER: Act = lambda w, a, q: enquiries.offer(w, a, q, officer="", body=BANNER, reason="x")  # noqa: E731


@pytest.mark.parametrize(
    ("actor", "act", "error", "code"),
    [
        pytest.param(f.HERDER, ANSWER, NotFound, "enquiry.not-found", id="the one who asked has no account here"),
        pytest.param(COLLEAGUE, ANSWER, NotFound, "enquiry.not-found", id="an officer of another body"),
        pytest.param(OTHER, ANSWER, Forbidden, "enquiry.not-yours", id="offered is not owned"),
        pytest.param(OTHER, OFFER, Forbidden, "enquiry.not-yours", id="offered is not passed on"),
        pytest.param(OTHER, CLOSE, Forbidden, "enquiry.not-yours", id="offered is not closed"),
        pytest.param(OWNER, TAKE, Forbidden, "enquiry.not-offered-to-you", id="the owner has it already"),
        pytest.param(OWNER, DECLINE, Forbidden, "enquiry.not-offered-to-you", id="the owner cannot decline"),
        pytest.param(HEAD, CLOSE, Forbidden, "enquiry.not-yours", id="a head hands over, and answers nothing"),
    ],
)
def test_each_act_is_for_whom_it_is(actor: f.Actor, act: Act, error: type[DomainError], code: str) -> None:
    world = f.World()
    made = offered(world)
    with pytest.raises(error) as refusal:
        act(world, actor, made)
    assert refusal.value.code == code


def test_what_is_offered_to_one_officer_is_not_taken_by_another() -> None:
    world = f.World()
    made = offered(world, "somebody")
    with pytest.raises(NotFound):
        enquiries.take(world, OTHER, made)


@pytest.mark.parametrize("act", [TAKE, DECLINE, ANSWER, CLOSE, OFFER])
def test_a_closed_enquiry_stays_closed(act: Act) -> None:
    world = f.World()
    made = asked(world)
    CLOSE(world, OWNER, made)
    with pytest.raises((Refused, Forbidden)):
        act(world, OWNER, made)


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (lambda w: enquiries.ask(w, OWNER, Question(" ")), "case.text-missing"),
        (lambda w: enquiries.ask(w, OWNER, Question("?", "150105999999")), "item.not-offered"),
        (
            lambda w: enquiries.offer(w, OWNER, asked(w), officer="", body="nowhere", reason="x"),
            "enquiry.body-unknown",
        ),
        (lambda w: enquiries.offer(w, OWNER, asked(w), officer="", body=BANNER, reason=""), "case.text-missing"),
        (
            lambda w: enquiries.offer(w, OWNER, asked(w), officer="", body=OWNER.body, reason="x"),
            "enquiry.offered-to-owner",
        ),
        (lambda w: enquiries.close(w, OWNER, asked(w), reason=""), "case.text-missing"),
    ],
)
def test_bad_input_is_refused_by_its_code(wrong: Callable[[f.World], object], code: str) -> None:
    world = f.World()
    world.catalog.publish(replace(f.item(), version=1))
    with pytest.raises(Invalid) as refusal:
        wrong(world)
    assert refusal.value.code == code


def test_only_officers_record_and_list_enquiries() -> None:
    world = f.World()
    for actor in (f.HERDER, f.AGENT, f.SUPERVISOR):
        with pytest.raises(Forbidden):
            enquiries.ask(world, actor, Question("?"))
        with pytest.raises(Forbidden):
            enquiries.listed(world, actor, "mine", None, 5)
