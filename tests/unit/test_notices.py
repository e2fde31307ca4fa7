"""The one-time notice and its correction, against tables written from 行政许可法 32 and the rules B2 to B5."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.domain import cases as rules
from chalicelib.domain.actors import Actor, ActorKind, Role
from chalicelib.domain.case_events import SubmittedMaterial
from chalicelib.domain.catalog import Correction, CorrectionOutcome, Limit, LimitUnit
from chalicelib.domain.errors import DomainError, Forbidden, Invalid, NotFound, Refused, Violation
from chalicelib.domain.notices import Defect
from chalicelib.services import authorities, cases, lapses, notices, tasks
from chalicelib.services.notices import Demand
from tests import factories as f
from tests import journey

FORM: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["subject"],
    "properties": {
        "subject": {"type": "string", "title": "任教学科"},
        "phone": {"type": "string", "title": "联系电话"},
        "address": {"type": "object", "properties": {"street": {"type": "string"}, "house": {"type": "string"}}},
    },
}
FIRST = {"subject": "高中教师", "phone": "1", "address": {"street": "a", "house": "1"}}
FIFTEEN = Correction(Limit(15, LimitUnit.WORKDAY, demo=True), CorrectionOutcome.NOT_ACCEPTED)


def say(violation: Violation) -> str:
    return f"sentence of {violation.code}"


def at_acceptance(correction: Correction | None = None) -> tuple[f.World, str]:
    """A case of the herder, filed by the agent; the league's acceptor holds it."""
    world = f.World(f.item(form=FORM, correction=correction))
    authority = journey.authorised(world)
    case_id = journey.drafted(world, f.AGENT, f.Channel.STATION, authority=authority)
    cases.save(
        world,
        f.AGENT,
        case_id,
        form=FIRST,
        materials=[journey.APPLICATION],
        delivery="electronic",
        expected=journey.get(world, case_id).version,
    )
    cases.submit(world, f.AGENT, case_id)
    journey.opened(world, case_id)
    tasks.claim(world, f.WINDOW, case_id)
    tasks.forward(world, f.WINDOW, case_id)
    journey.opened(world, case_id)
    tasks.claim(world, f.ACCEPTOR, case_id)
    return world, case_id


PHONE = Demand("/form/phone", "号码不完整")
APPLICATION = Demand("/materials/m1", "未签名", page=2)


def told(*demands: Demand, correction: Correction | None = None) -> tuple[f.World, str]:
    world, case_id = at_acceptance(correction)
    notices.notify(world, f.ACCEPTOR, case_id, demands or (PHONE, APPLICATION), say)
    return world, case_id


def corrected(world: f.World, case_id: str, actor: Actor = f.HERDER, **changes: Any) -> None:
    form = {**FIRST, "phone": "13800000000"}
    given = {"form": form, "supplied": [SubmittedMaterial("m1", "paper", "申请书(已签名)")], **changes}
    notices.correct(world, actor, case_id, **given)


# -- telling --------------------------------------------------------------------------------------------


@pytest.mark.requirement("B3", "B5")
def test_one_notice_tells_every_defect_with_its_place_in_a_numbered_dated_document() -> None:
    world, case_id = told()
    case = cases.read(world, f.HERDER, case_id)
    assert case.state == "correcting"
    (notice,) = case.notices.sent
    assert notice.defects == (
        Defect("/form/phone", "联系电话", "号码不完整"),
        Defect("/materials/m1", "申请书", "未签名", page=2),
    )
    document = case.documents[-1]
    assert (document.kind, document.number) == ("correction_notice", f"{case.receipt_number}-BZ")
    assert (document.issued_at, document.body) == (world.clock.now(), f.LEAGUE_BUREAU.name)
    _, content = cases.document(world, f.HERDER, case_id, document.number)
    assert content.digest() == document.digest
    assert content.texts["defects"] == "1. 联系电话:号码不完整\n2. 申请书,第2页:未签名"


@pytest.mark.requirement("B2", "B3")
@pytest.mark.parametrize(
    ("demands", "expected"),
    [
        pytest.param((), [("notice.nothing-to-tell", "/defects")], id="32(4)-nothing"),
        pytest.param(
            (Demand("/materials/m9", "补交"),),
            [("notice.material-not-in-version", "/defects/0/material")],
            id="B2-surplus-material",
        ),
        pytest.param(
            (PHONE, Demand("/form/income", "补填")), [("notice.field-not-in-form", "/defects/1/field")], id="B2-field"
        ),
        pytest.param((Demand("/form", "不对"),), [("notice.field-not-in-form", "/defects/0/field")], id="B2-exact"),
        pytest.param((replace(PHONE, reason="  "),), [("case.text-missing", "/defects/0/reason")], id="B3-reason"),
        pytest.param(
            (Demand("/form/x", " "), Demand("/materials/m9", "补交"), Demand("/form/address/lane", "补填")),
            [
                ("notice.field-not-in-form", "/defects/0/field"),
                ("case.text-missing", "/defects/0/reason"),
                ("notice.material-not-in-version", "/defects/1/material"),
                ("notice.field-not-in-form", "/defects/2/field"),
            ],
            id="B2-every-one-at-once",
        ),
    ],
)
def test_an_unlawful_demand_is_refused_with_every_reason(
    demands: tuple[Demand, ...], expected: list[tuple[str, str]]
) -> None:
    world, case_id = at_acceptance()
    with pytest.raises(Invalid) as refusal:
        notices.notify(world, f.ACCEPTOR, case_id, demands, say)
    assert [(v.code, v.pointer) for v in refusal.value.violations] == expected
    assert journey.get(world, case_id).state == "received"


@pytest.mark.requirement("B2")
def test_an_optional_material_of_the_version_can_be_named_though_it_was_not_handed_in() -> None:
    world, case_id = told(Demand("/materials/m2", "属于需要提供证明的情形"))
    notices.correct(world, f.HERDER, case_id, form=None, supplied=[SubmittedMaterial("m2", "paper", "证明")])
    assert [m.code for m in journey.get(world, case_id).materials] == ["m1", "m2"]


@pytest.mark.requirement("B8")
def test_what_the_platform_holds_itself_is_not_demanded_from_the_applicant() -> None:
    world, case_id = at_acceptance()
    case = journey.get(world, case_id)
    held = replace(case, materials=(*case.materials, SubmittedMaterial("m2", "held", "证明")), version=case.version + 1)
    noted = replace(next(iter(world.cases.log(case_id, case.version - 1))), number=held.version)
    world.cases.commit(held, [noted], expected_version=case.version)
    with pytest.raises(Invalid) as refusal:
        notices.notify(world, f.ACCEPTOR, case_id, [Demand("/materials/m2", "补交")], say)
    assert [(v.code, v.pointer) for v in refusal.value.violations] == [("material.held", "/defects/0/material")]


@pytest.mark.requirement("B3")
def test_the_platforms_own_pass_is_the_first_part_of_the_notice() -> None:
    world, case_id = at_acceptance()
    world.catalog.publish(
        f.item(form={**FORM, "required": ["subject", "email"], "properties": {**FORM["properties"], "email": {}}})
    )
    found = notices.check(world, f.ACCEPTOR, case_id, say)
    assert [(d.place, d.code, d.reason) for d in found.defects] == [
        ("/form/email", "schema.required", "sentence of schema.required")
    ]
    assert found.places is None
    assert found.until is not None
    assert found.until.at == datetime(2026, 3, 9, 16, tzinfo=UTC)
    notices.notify(world, f.ACCEPTOR, case_id, [PHONE], say)
    named = journey.get(world, case_id).notices.sent[0].defects
    assert [d.place for d in named] == ["/form/email", "/form/phone"]


@pytest.mark.parametrize(
    ("who", "error"),
    [
        (f.HERDER, Forbidden),
        (f.AGENT, Forbidden),
        (f.SUPERVISOR, Forbidden),
        (f.STRANGER, NotFound),
        (f.WINDOW, NotFound),
        (replace(f.ACCEPTOR, subject="colleague"), NotFound),
    ],
)
def test_only_the_officer_who_holds_it_looks_it_over_and_tells(who: Actor, error: type[DomainError]) -> None:
    world, case_id = at_acceptance()
    with pytest.raises(error):
        notices.check(world, who, case_id, say)
    with pytest.raises(error):
        notices.notify(world, who, case_id, [PHONE], say)


def test_a_free_task_or_one_of_another_node_tells_nothing() -> None:
    world, case_id = at_acceptance()
    tasks.release(world, f.ACCEPTOR, case_id, reason="轮休")
    with pytest.raises(Refused) as refusal:
        notices.notify(world, f.ACCEPTOR, case_id, [PHONE], say)
    assert refusal.value.code == "task.not-claimed-by-you"
    other = f.World()
    received = journey.at(other, "receive")
    with pytest.raises(Refused) as refusal:
        notices.notify(other, f.WINDOW, received, [Demand("/form/subject", "x")], say)
    assert refusal.value.code == "task.wrong-act"


@pytest.mark.requirement("B3")
def test_while_the_applicant_corrects_nothing_is_accepted_refused_or_told_again() -> None:
    world, case_id = told()
    for act in (
        lambda: tasks.accept(world, f.ACCEPTOR, case_id),
        lambda: notices.notify(world, f.ACCEPTOR, case_id, [PHONE], say),
        lambda: notices.check(world, f.ACCEPTOR, case_id, say),
    ):
        with pytest.raises(Refused) as refusal:
            act()
        assert refusal.value.code == "case.wrong-state"
    assert journey.get(world, case_id).task is not None


# -- correcting -----------------------------------------------------------------------------------------


@pytest.mark.requirement("B4")
def test_a_complete_correction_is_received_again_with_its_own_receipt_and_the_task_stays() -> None:
    world, case_id = told()
    world.clock.advance(days=2)
    corrected(world, case_id, f.AGENT)
    case = journey.get(world, case_id)
    assert (case.state, case.form["phone"], case.materials[0].name) == ("received", "13800000000", "申请书(已签名)")
    assert case.notices.supplied == ("/form/phone", "/materials/m1")
    assert case.notices.supplied_at == world.clock.now()
    assert case.documents[-1].number == f"{case.receipt_number}-SJ2"
    assert case.task is not None
    assert case.task.assignee == f.ACCEPTOR.subject
    tasks.accept(world, f.ACCEPTOR, case_id)
    assert rules.fold(tuple(world.cases.log(case_id))) == replace(journey.get(world, case_id), log_head="")


@pytest.mark.requirement("B4")
@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({"form": None}, [("correction.not-settled", "/form/phone")], id="B4-field-open"),
        pytest.param({"supplied": []}, [("correction.not-settled", "/materials")], id="B4-material-open"),
        pytest.param(
            {"form": FIRST, "supplied": []},
            [("correction.not-settled", "/form/phone"), ("correction.not-settled", "/materials")],
            id="B4-everything-open",
        ),
        pytest.param(
            {"form": {**FIRST, "phone": "2", "subject": "初中教师"}},
            [("correction.place-not-named", "/form/subject")],
            id="B4-other-field",
        ),
        pytest.param(
            {"form": {"subject": "高中教师", "phone": "2", "address": {"street": "a"}}},
            [("correction.place-not-named", "/form/address/house")],
            id="B4-other-field-removed",
        ),
        pytest.param(
            {"supplied": [journey.APPLICATION, SubmittedMaterial("m2", "paper", "证明")]},
            [("correction.place-not-named", "/materials/1/code")],
            id="B4-other-material",
        ),
        pytest.param(
            {"supplied": [journey.APPLICATION, journey.APPLICATION]},
            [("material.repeated", "/materials/1/code")],
            id="B4-material-twice",
        ),
        pytest.param(
            {"form": {"phone": "2", "address": {"street": "a", "house": "2"}}, "supplied": []},
            [
                ("correction.place-not-named", "/form/address/house"),
                ("correction.place-not-named", "/form/subject"),
                ("correction.not-settled", "/materials"),
                ("schema.required", "/form/subject"),
            ],
            id="B4-every-problem-at-once",
        ),
    ],
)
def test_a_correction_settles_what_was_named_and_touches_nothing_else(
    changes: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    world, case_id = told()
    with pytest.raises(Invalid) as refusal:
        corrected(world, case_id, **changes)
    assert [(v.code, v.pointer) for v in refusal.value.violations] == expected
    assert journey.get(world, case_id).state == "correcting"


def test_a_change_that_a_named_one_makes_necessary_is_part_of_it() -> None:
    world, case_id = told(PHONE)

    class Conditional(f.FakeForms):
        """Whoever has a mobile number gives a place too."""

        def violations(self, schema: Any, data: Any, pointer: str = "") -> tuple[Violation, ...]:
            lacking = data.get("phone") == "mobile" and "nickname" not in data
            return (Violation("schema.required", f"{pointer}/nickname"),) if lacking else ()

    world.forms = Conditional()
    with pytest.raises(Invalid) as refusal:
        corrected(world, case_id, form={**FIRST, "phone": "mobile"}, supplied=[])
    assert [v.pointer for v in refusal.value.violations] == ["/form/nickname"]
    corrected(world, case_id, form={**FIRST, "phone": "mobile", "nickname": "x"}, supplied=[])
    assert journey.get(world, case_id).notices.supplied == ("/form/phone", "/form/nickname")


def test_correcting_twice_or_unasked_is_refused() -> None:
    world, case_id = at_acceptance()
    for _ in range(2):
        with pytest.raises(Refused) as refusal:
            corrected(world, case_id)
        assert refusal.value.code == "case.wrong-state"
        if journey.get(world, case_id).notices.sent:
            break
        notices.notify(world, f.ACCEPTOR, case_id, [PHONE, APPLICATION], say)
        corrected(world, case_id)


def test_an_agent_whose_authority_ended_corrects_nothing() -> None:
    world, case_id = told()
    authorities.revoke(world, f.HERDER, journey.get(world, case_id).authority)
    with pytest.raises(Forbidden) as refusal:
        corrected(world, case_id, f.AGENT)
    assert refusal.value.code == "authority.not-in-force"


# -- telling again ----------------------------------------------------------------------------------------


@pytest.mark.requirement("B3")
@pytest.mark.parametrize(
    ("demands", "refused"),
    [
        pytest.param((PHONE,), [], id="B3-new-field"),
        pytest.param((APPLICATION,), [], id="B3-new-material"),
        pytest.param((Demand("/form/subject", "与证书不符"),), ["/defects/0/field"], id="B3-old-field"),
        pytest.param((PHONE, Demand("/materials/m2", "补交")), ["/defects/1/material"], id="B3-old-material"),
        pytest.param(
            (Demand("/form/subject", "不符"), Demand("/form/address", "不详"), PHONE),
            ["/defects/0/field", "/defects/1/field"],
            id="B3-every-old-one",
        ),
    ],
)
def test_a_second_notice_names_only_what_was_newly_supplied(demands: tuple[Demand, ...], refused: list[str]) -> None:
    world, case_id = told()
    corrected(world, case_id)
    assert notices.check(world, f.ACCEPTOR, case_id, say).places == ("/form/phone", "/materials/m1")
    if refused:
        with pytest.raises(Invalid) as refusal:
            notices.notify(world, f.ACCEPTOR, case_id, demands, say)
        assert [(v.code, v.pointer) for v in refusal.value.violations] == [
            ("notice.not-newly-supplied", pointer) for pointer in refused
        ]
    else:
        notices.notify(world, f.ACCEPTOR, case_id, demands, say)
        case = journey.get(world, case_id)
        assert case.documents[-1].number == f"{case.receipt_number}-BZ2"


@pytest.mark.requirement("B3")
def test_after_a_second_notice_only_its_own_correction_counts_as_new() -> None:
    world, case_id = told()
    corrected(world, case_id)
    notices.notify(world, f.ACCEPTOR, case_id, [PHONE], say)
    corrected(world, case_id, form={**FIRST, "phone": "3"}, supplied=[])
    with pytest.raises(Invalid):
        notices.notify(world, f.ACCEPTOR, case_id, [APPLICATION], say)
    tasks.accept(world, f.ACCEPTOR, case_id)


# -- on the spot ------------------------------------------------------------------------------------------


@pytest.mark.requirement("B4")
def test_what_can_be_mended_on_the_spot_is_mended_there_with_the_confirmation_on_record() -> None:
    world, case_id = at_acceptance()
    received = journey.get(world, case_id).notices.supplied_at
    changes = {"/form/phone": ("13900000000",), "/form/address/house": ()}
    notices.correct_on_the_spot(world, f.ACCEPTOR, case_id, changes, "申请人签字")
    case = journey.get(world, case_id)
    assert (case.state, case.form["phone"], case.form["address"]) == ("received", "13900000000", {"street": "a"})
    event: Any = list(world.cases.log(case_id))[-1].event
    assert (event.before, event.after) == ({"/form/phone": ("1",), "/form/address/house": ("1",)}, changes)
    assert (event.places, event.confirmed_by) == (("/form/address/house", "/form/phone"), "申请人签字")
    assert case.notices.supplied_at == received, "the period of notice runs on"
    assert rules.fold(tuple(world.cases.log(case_id))) == replace(case, log_head="")


@pytest.mark.parametrize(
    ("who", "outcome"),
    [
        (f.ACCEPTOR, None),
        (f.AGENT, None),
        (f.HERDER, Refused),
        (f.SUPERVISOR, Forbidden),
        (f.STRANGER, NotFound),
        (f.WINDOW, NotFound),
    ],
)
def test_on_the_spot_is_before_the_filer_or_the_holder_of_the_task(
    who: Actor, outcome: type[DomainError] | None
) -> None:
    world, case_id = at_acceptance()
    if outcome is None:
        notices.correct_on_the_spot(world, who, case_id, {"/form/phone": ("2",)}, "申请人")
    else:
        with pytest.raises(outcome):
            notices.correct_on_the_spot(world, who, case_id, {"/form/phone": ("2",)}, "申请人")


@pytest.mark.parametrize(
    ("changes", "confirmed_by", "error", "code"),
    [
        ({"/form/income": (1,)}, "申请人", Invalid, "notice.field-not-in-form"),
        ({"/form/phone": ("1",)}, "申请人", Invalid, "correction.changes-nothing"),
        ({"/form/subject": ()}, "申请人", Invalid, "schema.required"),
        ({"/form/phone": ("2",)}, "  ", Refused, "case.text-missing"),
    ],
)
def test_a_spot_correction_without_confirmation_or_sense_is_refused(
    changes: dict[str, tuple[Any, ...]], confirmed_by: str, error: type[DomainError], code: str
) -> None:
    world, case_id = at_acceptance()
    with pytest.raises(error) as refusal:
        notices.correct_on_the_spot(world, f.ACCEPTOR, case_id, changes, confirmed_by)
    assert refusal.value.code == code


# -- nothing comes ------------------------------------------------------------------------------------------

SENT = f.START  # Monday 2026-03-02: fifteen working days end on Monday 2026-03-23, 24:00 Asia/Shanghai
LAST = datetime(2026, 3, 23, 16, tzinfo=UTC)


@pytest.mark.requirement("B4")
@pytest.mark.parametrize(
    ("outcome", "state", "kind"),
    [
        pytest.param(CorrectionOutcome.NOT_ACCEPTED, "not_accepted", "non_acceptance", id="B4-not-accepted"),
        pytest.param(CorrectionOutcome.DEEMED_WITHDRAWN, "withdrawn", "deemed_withdrawal", id="B4-withdrawn"),
    ],
)
@pytest.mark.parametrize(("seconds", "lapsed"), [(-1, False), (0, True), (1, True)])
def test_what_is_not_corrected_in_time_ends_as_the_version_says(
    outcome: CorrectionOutcome, state: str, kind: str, seconds: int, lapsed: bool
) -> None:
    world, case_id = told(correction=replace(FIFTEEN, outcome=outcome))
    world.clock.at = LAST + timedelta(seconds=seconds)
    seen = cases.read(world, f.HERDER, case_id)
    assert seen.state == (state if lapsed else "correcting")
    lapses.on_timer(world, case_id)
    case = journey.get(world, case_id)
    assert case.state == (state if lapsed else "correcting")
    if lapsed:
        assert case.task is None
        assert world.cases.worklist(f"mine#{f.ACCEPTOR.subject}", None, 5).items == []
        assert case.documents[-1].kind == kind
        record = list(world.cases.log(case_id))[-1]
        assert (record.event.type, record.effective_at) == ("case.correction_lapsed", LAST)
        _, content = cases.document(world, f.HERDER, case_id, case.documents[-1].number)
        assert content.digest() == case.documents[-1].digest
        assert "2026年3月2日告知补正,15个工作日内未补正" in content.texts["reason"]
    else:
        corrected(world, case_id)


@pytest.mark.requirement("B4")
def test_a_correction_at_the_end_of_the_period_comes_too_late_even_before_the_timer() -> None:
    world, case_id = told(correction=FIFTEEN)
    world.clock.at = LAST
    with pytest.raises(Refused) as refusal:
        corrected(world, case_id)
    assert refusal.value.code == "case.wrong-state"
    assert journey.get(world, case_id).state == "not_accepted", "the lapse is on record"


def test_where_the_version_sets_no_period_the_case_waits() -> None:
    world, case_id = told()
    world.clock.advance(days=400)
    lapses.on_timer(world, case_id)
    assert journey.get(world, case_id).state == "correcting"


@pytest.mark.requirement("B4")
def test_the_notice_says_by_when_and_what_follows() -> None:
    world, case_id = told(correction=FIFTEEN)
    event: Any = list(world.cases.log(case_id))[-1].event
    assert event.told["correction"] == "自告知之日起15个工作日内补正;逾期未补正的,不予受理。"


# -- not a matter for licence, not competent ----------------------------------------------------------------


@pytest.mark.requirement("B5")
@pytest.mark.parametrize(
    ("ground", "named", "told_body"),
    [
        pytest.param("not_a_matter", "", "", id="32(1)-no-licence-needed"),
        pytest.param("not_competent", f.BANNER_BUREAU.id, f.BANNER_BUREAU.name, id="32(2)-a-body-of-the-region"),
        pytest.param("not_competent", "国家知识产权局", "国家知识产权局", id="32(2)-any-other-body"),
    ],
)
def test_non_acceptance_is_written_numbered_dated_and_names_who_is_competent(
    ground: str, named: str, told_body: str
) -> None:
    world, case_id = at_acceptance()
    tasks.refuse_acceptance(world, f.ACCEPTOR, case_id, ground=ground, reason="不属于", competent_body=named)
    case = journey.get(world, case_id)
    document = case.documents[-1]
    assert (document.number, document.issued_at) == (f"{case.receipt_number}-BSL", world.clock.now())
    _, content = cases.document(world, f.HERDER, case_id, document.number)
    assert (content.texts["competent_body"], content.digest()) == (told_body, document.digest)


@pytest.mark.requirement("B5")
@pytest.mark.parametrize(
    ("named", "error", "code"),
    [
        pytest.param("", Refused, "case.competent-body-missing", id="32(2)-nobody-named"),
        pytest.param("152526000000-zz", Invalid, "body.unknown", id="32(2)-no-such-body"),
    ],
)
def test_want_of_competence_names_a_body_that_there_is(named: str, error: type[DomainError], code: str) -> None:
    world, case_id = at_acceptance()
    with pytest.raises(error) as refusal:
        tasks.refuse_acceptance(
            world, f.ACCEPTOR, case_id, ground="not_competent", reason="不属于", competent_body=named
        )
    assert refusal.value.code == code


def test_a_window_officer_who_filed_it_mends_it_before_the_applicant() -> None:
    world = f.World(f.item(form=FORM))
    clerk = Actor("clerk", ActorKind.OFFICER, body=f.SUM_CENTRE.id, division=f.SUM, roles=frozenset({Role.WINDOW}))
    case_id = journey.drafted(world, clerk, f.Channel.WINDOW, presence=f.presence_of(world))
    cases.submit(world, clerk, case_id)
    notices.correct_on_the_spot(world, clerk, case_id, {"/form/subject": ("初中教师",)}, "本人")
    assert journey.get(world, case_id).form["subject"] == "初中教师"
