"""信用: what bars somebody, from when, until when, and how it is lifted."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.domain import credit as rules
from chalicelib.domain.actors import Role
from chalicelib.domain.credit import Effect, Scope, Terms
from chalicelib.domain.errors import Conflict, DomainError, Forbidden, Invalid, NotFound, Refused, Violation
from chalicelib.services import cases, credit
from tests import factories as f
from tests import journey

OFFICE = f.CREDIT_OFFICE
TERMS = Terms(
    reason="作出不实承诺",
    law="GNCN",
    article="2",
    effects=(Effect.COMMITMENT,),
    scope=Scope(f.LEAGUE),
    start=f.START,
    repair_way="整改后申请修复",
)
SAFETY = Terms(
    reason="以欺骗手段取得许可",
    law="XKF",
    article="79",
    effects=(Effect.APPLICATION,),
    scope=Scope(f.LEAGUE, (f.BASIC,)),
    start=f.START,
    end=rules.years_later(f.START, 3),
)


def barred(world: f.World, effect: Effect = Effect.COMMITMENT, **where: str) -> list[Violation]:
    place = {"basic_code": f.BASIC, "department": "05", "division": f.GACHA} | where
    file = world.credit.file(f.HERDER.subject)
    return list(rules.bars(file, effect, at=world.clock.now(), **place))


def entered(world: f.World, terms: Terms = TERMS) -> str:
    return credit.enter(world, OFFICE, f.HERDER.subject, terms).id


@pytest.mark.requirement("C4")
def test_a_record_bars_until_it_is_repaired_and_says_why_and_how_to_repair() -> None:
    world = f.World()
    made = entered(world)
    (found,) = barred(world)
    assert found.code == "credit.barred"
    assert found.params["reason"] == TERMS.reason
    assert found.params["repair"] == TERMS.repair_way
    assert found.params["record"] == made
    world.clock.advance(days=1)
    credit.repair(world, OFFICE, made, "已整改")
    assert barred(world) == []
    world.clock.advance(seconds=-1)
    assert [v.code for v in barred(world)] == ["credit.barred"]  # it lifts from then on, not before


@pytest.mark.requirement("C4")
@pytest.mark.parametrize(("seconds", "count"), [(-1, 0), (0, 1), (1, 1)])
def test_a_bar_begins_at_its_start(seconds: int, count: int) -> None:
    world = f.World()
    entered(world)
    world.clock.advance(seconds=seconds)
    assert len(barred(world)) == count


@pytest.mark.requirement("C4")
@pytest.mark.parametrize(("seconds", "count"), [(-1, 1), (0, 0), (1, 0)])
def test_a_bar_ends_at_its_end(seconds: int, count: int) -> None:
    world = f.World()
    entered(world, replace(TERMS, end=f.START + timedelta(days=30)))
    world.clock.advance(days=30, seconds=seconds)
    assert len(barred(world)) == count


@pytest.mark.requirement("C4")
@pytest.mark.parametrize(
    ("scope", "where", "bars"),
    [
        (Scope(f.LEAGUE), {}, True),
        (Scope(f.LEAGUE), {"division": "150100000000"}, False),
        (Scope(f.BANNER), {"division": f.LEAGUE}, False),
        (Scope(f.LEAGUE, (f.BASIC,)), {}, True),
        (Scope(f.LEAGUE, ("150105001002",)), {}, False),
        (Scope(f.LEAGUE, departments=("05",)), {}, True),
        (Scope(f.LEAGUE, departments=("06",)), {}, False),
    ],
)
def test_a_record_bars_in_its_scope_only(scope: Scope, where: dict[str, str], bars: bool) -> None:
    world = f.World()
    entered(world, replace(TERMS, scope=scope))
    assert bool(barred(world, **where)) is bars
    assert barred(world, Effect.INCOMPLETE_ACCEPTANCE, **where) == []


@pytest.mark.requirement("C4")
def test_what_was_said_before_a_correction_stays_on_file() -> None:
    world = f.World()
    made = entered(world)
    corrected = replace(TERMS, reason="逾期未整改")
    credit.correct(world, OFFICE, made, corrected, "登记有误")
    record, entries = credit.read(world, OFFICE, made)
    assert record.terms == corrected
    assert [(e.number, str(e.kind), e.terms) for e in entries] == [
        (1, "entered", TERMS),
        (2, "corrected", corrected),
    ]


@pytest.mark.requirement("C4")
def test_a_record_that_was_struck_or_repaired_is_settled() -> None:
    world = f.World()
    struck, repaired = entered(world), entered(world)
    credit.strike(world, OFFICE, struck, "张冠李戴")
    credit.repair(world, OFFICE, repaired, "已整改")
    assert barred(world) == []
    for made in (struck, repaired):
        with pytest.raises(Refused) as refusal:
            credit.repair(world, OFFICE, made, "再次修复")
        assert refusal.value.code == "credit.settled"


@pytest.mark.requirement("C4")
def test_the_subject_reads_what_is_on_record_about_them_and_nobody_else_does() -> None:
    world = f.World()
    made = entered(world)
    assert [r.id for r in credit.listed(world, f.HERDER)] == [made]
    assert credit.listed(world, f.STRANGER, f.HERDER.subject) == []
    assert [r.id for r in credit.listed(world, OFFICE, f.HERDER.subject)] == [made]
    assert credit.read(world, f.HERDER, made)[0].terms == TERMS
    elsewhere = replace(OFFICE, division="150100000000")
    for stranger in (f.STRANGER, f.WINDOW, elsewhere):
        with pytest.raises(NotFound):
            credit.read(world, stranger, made)
        with pytest.raises(NotFound):
            credit.repair(world, stranger, made, "已整改")
    with pytest.raises(Forbidden):
        credit.repair(world, f.HERDER, made, "已整改")
    with pytest.raises(Forbidden):
        credit.listed(world, f.WINDOW, f.HERDER.subject)


@pytest.mark.requirement("C4")
@pytest.mark.parametrize(
    ("actor", "terms", "kind", "code"),
    [
        (f.WINDOW, TERMS, Forbidden, "credit.office-only"),
        (f.HERDER, TERMS, Forbidden, "credit.office-only"),
        (replace(OFFICE, division=f.BANNER), TERMS, Forbidden, "credit.outside-your-area"),
        (replace(OFFICE, roles=frozenset({Role.DECISION})), TERMS, Forbidden, "credit.office-only"),
        (OFFICE, replace(TERMS, reason=" "), Invalid, "case.text-missing"),
        (OFFICE, replace(TERMS, effects=()), Invalid, "credit.effect-missing"),
        (OFFICE, replace(TERMS, start=f.START + timedelta(seconds=1)), Invalid, "credit.starts-later"),
        (OFFICE, replace(TERMS, end=f.START), Invalid, "credit.ends-before-start"),
        (OFFICE, replace(TERMS, repair_way=""), Invalid, "credit.endless"),
        (OFFICE, replace(SAFETY, scope=Scope(f.LEAGUE)), Invalid, "credit.items-missing"),
        (OFFICE, SAFETY, Invalid, "credit.not-a-safety-matter"),
    ],
)
def test_a_record_that_does_not_fit_is_refused(
    actor: f.Actor, terms: Terms, kind: type[DomainError], code: str
) -> None:
    world = f.World()
    with pytest.raises(kind) as refusal:
        credit.enter(world, actor, f.HERDER.subject, terms)
    assert code in [v.code for v in refusal.value.violations]


@pytest.mark.requirement("C4")
@pytest.mark.parametrize(("article", "years"), [("78", 1), ("79", 3)])
def test_the_bars_of_the_licensing_law_exist_in_safety_matters_only_and_last_as_it_says(
    article: str, years: int
) -> None:
    world = f.World(f.item(safety_matter=True))
    terms = replace(SAFETY, article=article, end=rules.years_later(f.START, years))
    with pytest.raises(Invalid) as refusal:
        entered(world, replace(terms, end=rules.years_later(f.START, years) + timedelta(seconds=1)))
    assert refusal.value.code == "credit.bar-too-long"
    made = entered(world, terms)
    with pytest.raises(Refused) as kept:
        credit.repair(world, OFFICE, made, "已整改")
    assert kept.value.code == "credit.not-repairable"


@pytest.mark.requirement("C4")
@pytest.mark.parametrize(("seconds", "refused"), [(-1, True), (0, False), (1, False)])
def test_who_is_barred_from_applying_submits_nothing_until_the_bar_ends(seconds: int, refused: bool) -> None:
    world = f.World(f.item(safety_matter=True))
    case_id = journey.drafted(world)
    entered(world, SAFETY)
    world.clock.at = rules.years_later(f.START, 3) + timedelta(seconds=seconds)
    if not refused:
        assert cases.submit(world, f.HERDER, case_id).result["state"] == "received"
        return
    with pytest.raises(Refused) as refusal:
        cases.submit(world, f.HERDER, case_id)
    assert refusal.value.code == "credit.barred"
    assert journey.get(world, case_id).receipt_number == ""


def test_a_record_entered_while_an_application_is_committed_makes_it_be_judged_again() -> None:
    world = f.World(f.item(safety_matter=True))
    case_id = journey.drafted(world)
    read = world.credit.file(f.HERDER.subject)
    entered(world, SAFETY)
    case = journey.get(world, case_id)
    with pytest.raises(Conflict):
        world.cases.commit(
            replace(case, version=case.version + 1),
            tuple(world.cases.log(case_id))[-1:],
            expected_version=case.version,
            credit=read,
        )


@pytest.mark.requirement("C4")
@pytest.mark.parametrize(("on_file", "read"), [(False, 0), (True, 1)])
def test_a_file_is_read_for_a_submission_only_if_there_is_one(
    on_file: bool, read: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = f.World(f.item())
    case_id = journey.drafted(world)
    if on_file:
        entered(world)  # which bars promises only
    asked: list[str] = []
    file = world.credit.file
    monkeypatch.setattr(world.credit, "file", lambda subject: asked.append(subject) or file(subject))
    assert cases.submit(world, f.HERDER, case_id).result["state"] == "received"
    assert len(asked) == read


def test_three_years_after_a_leap_day_is_the_first_of_march() -> None:
    leap = f.START.replace(year=2028, month=2, day=29)
    assert rules.years_later(leap, 3) == leap.replace(year=2031, month=3, day=1)
