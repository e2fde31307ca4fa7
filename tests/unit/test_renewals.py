"""Renewal, change and reissue (行政许可法 49, 50)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from chalicelib.domain import renewals
from chalicelib.domain.calendar import Calendar
from chalicelib.domain.case_events import Party
from chalicelib.domain.catalog import Fee
from chalicelib.domain.certificates import CertificateState
from chalicelib.domain.errors import Invalid, Refused
from chalicelib.domain.fees import PaymentMethod
from chalicelib.domain.renewals import CaseKind, ends_at, last_day_to_apply
from chalicelib.services import cases, certificates, fees, lapses, tasks
from tests import factories as f
from tests import journey

SECOND = timedelta(seconds=1)


@pytest.fixture
def world() -> f.World:
    return f.World(f.item(result_validity="5年"))


def certified(world: f.World) -> str:
    """The identifier of a certificate of the herder."""
    case_id = journey.granted(world)
    certificates.issue(world, case_id)
    return journey.get(world, case_id).certificate


def renewal(world: f.World, identifier: str, kind: CaseKind = CaseKind.RENEWAL) -> str:
    """A submitted renewal of it."""
    case_id = journey.drafted(world, kind=kind, certificate=identifier)
    cases.submit(world, f.HERDER, case_id)
    return case_id


def end_of_certificate(world: f.World, identifier: str) -> datetime:
    found = world.certificates.get(identifier)
    assert found is not None
    assert found.valid_until is not None
    return found.valid_until


@pytest.mark.parametrize(
    ("start", "validity", "end"),
    [
        (datetime(2026, 3, 2, 1, tzinfo=UTC), "5年", datetime(2031, 3, 1, 16, tzinfo=UTC)),
        (datetime(2024, 2, 29, 1, tzinfo=UTC), "1年", datetime(2025, 2, 28, 16, tzinfo=UTC)),
        (datetime(2026, 12, 31, 16, tzinfo=UTC), "3年", datetime(2029, 12, 31, 16, tzinfo=UTC)),
        (datetime(2026, 3, 2, 1, tzinfo=UTC), "4年(两年复核)", None),
        (datetime(2026, 3, 2, 1, tzinfo=UTC), "", None),
    ],
)
def test_a_plain_number_of_years_ends_at_the_end_of_the_day_before_the_anniversary(
    start: datetime, validity: str, end: datetime | None
) -> None:
    assert ends_at(start, validity) == end


def test_the_last_day_to_apply_leaves_thirty_working_days_article_50() -> None:
    last = last_day_to_apply(datetime(2031, 3, 1, 16, tzinfo=UTC), Calendar())
    calendar = Calendar()
    days = [last + timedelta(days=i) for i in range(1, (date(2031, 3, 1) - last).days + 1)]
    assert sum(calendar.day(day).is_workday for day in days) == 30
    assert calendar.day(days[0]).is_workday


@pytest.mark.parametrize(
    ("moment", "state"),
    [(-SECOND, "in_review"), (timedelta(), "granted"), (SECOND, "granted")],
    ids=["50(2) a second before the end", "50(2) at the end", "50(2) a second after"],
)
def test_an_undecided_renewal_is_granted_exactly_when_the_certificate_ends(
    world: f.World, moment: timedelta, state: str
) -> None:
    identifier = certified(world)
    end = end_of_certificate(world, identifier)
    world.clock.at = end - timedelta(days=120)
    case_id = renewal(world, identifier)
    world.clock.at = end + moment
    seen = lapses.seen_at(world, journey.get(world, case_id), world.clock.now())
    assert seen.state == state
    assert journey.get(world, case_id).state == "received", "reading records nothing"


def test_a_deemed_renewal_is_a_fact_with_a_document_and_a_new_certificate_from_the_old_end(world: f.World) -> None:
    identifier = certified(world)
    end = end_of_certificate(world, identifier)
    world.clock.at = end - timedelta(days=120)
    case_id = renewal(world, identifier)
    journey.opened(world, case_id)
    world.clock.at = end + timedelta(days=3)
    lapses.on_timer(world, case_id)
    case = journey.get(world, case_id)
    assert (case.state, case.decided_at, case.task, case.documents[-1].kind) == (
        "granted",
        end,
        None,
        "deemed_renewal",
    )
    assert world.store.tasks == {}
    certificates.issue(world, case_id)
    new = journey.get(world, case_id).certificate
    assert new != identifier
    assert end_of_certificate(world, new) == ends_at(end, "5年")
    _, content = cases.document(world, f.HERDER, case_id, case.documents[-1].number)
    assert content.digest() == case.documents[-1].digest


@pytest.mark.requirement("B6")
def test_a_renewal_by_silence_costs_what_a_decision_would_and_its_certificate_waits_for_the_fee() -> None:
    world = f.World(f.item(result_validity="5年", fees=(Fee("F1", "工本费", 1000),)))
    first = journey.granted(world)
    paid(world, first)
    certificates.issue(world, first)
    identifier = journey.get(world, first).certificate
    end = end_of_certificate(world, identifier)
    world.clock.at = end - timedelta(days=120)
    case_id = renewal(world, identifier)
    world.clock.at = end
    seen = lapses.seen_at(world, journey.get(world, case_id), world.clock.now())
    assert [(fee.code, fee.amount) for fee in seen.fees] == [("F1", 1000)]
    lapses.on_timer(world, case_id)
    assert journey.get(world, case_id).fees == seen.fees
    assert not certificates.issue(world, case_id)
    paid(world, case_id)
    assert certificates.issue(world, case_id)


def paid(world: f.World, case_id: str) -> None:
    fees.pay(world, f.DECIDER, case_id, amount=1000, method=PaymentMethod.CASH, receipt_number="15260001")


def test_a_renewal_filed_too_late_waits_for_its_decision_article_50_1(world: f.World) -> None:
    identifier = certified(world)
    end = end_of_certificate(world, identifier)
    last = last_day_to_apply(end, Calendar())
    world.clock.at = datetime(last.year, last.month, last.day, 1, tzinfo=UTC) + timedelta(days=1)
    case_id = renewal(world, identifier)
    world.clock.at = end + timedelta(days=1)
    assert lapses.seen_at(world, journey.get(world, case_id), world.clock.now()).state == "in_review"


def test_a_decided_renewal_is_not_granted_again(world: f.World) -> None:
    identifier = certified(world)
    end = end_of_certificate(world, identifier)
    world.clock.at = end - timedelta(days=120)
    case_id = renewal(world, identifier)
    cases.withdraw(world, f.HERDER, case_id, "")
    world.clock.at = end
    lapses.on_timer(world, case_id)
    assert journey.get(world, case_id).state == "withdrawn"


def test_the_moment_counts_when_an_officer_acts_after_it(world: f.World) -> None:
    identifier = certified(world)
    end = end_of_certificate(world, identifier)
    world.clock.at = end - timedelta(days=120)
    case_id = renewal(world, identifier)
    journey.opened(world, case_id)
    tasks.claim(world, f.ACCEPTOR, case_id)
    world.clock.at = end
    with pytest.raises(Exception, match=r"case\.not-found"):
        tasks.refuse_acceptance(world, f.ACCEPTOR, case_id, ground="not_complete", reason="太晚", competent_body="")
    assert cases.read(world, f.HERDER, case_id).state == "granted"
    lapses.on_timer(world, case_id)
    assert journey.get(world, case_id).decided_at == end


def test_its_fee_is_taken_before_anybody_has_recorded_that_it_was_granted() -> None:
    world = f.World(f.item(result_validity="1年", fees=(Fee("F01", "工本费", 1000),)))
    first = journey.granted(world)
    fees.pay(world, f.DECIDER, first, amount=1000, method=PaymentMethod.CASH, receipt_number="15260001")
    certificates.issue(world, first)
    identifier = journey.get(world, first).certificate
    end = end_of_certificate(world, identifier)
    world.clock.at = end - timedelta(days=120)
    case_id = renewal(world, identifier)
    world.clock.at = end
    fees.pay(world, f.DECIDER, case_id, amount=1000, method=PaymentMethod.CASH, receipt_number="15260002")
    assert certificates.issue(world, case_id)


@pytest.mark.parametrize(
    ("holder", "validity", "wait", "kind", "code"),
    [
        (f.STRANGER, "5年", 0, CaseKind.RENEWAL, "renewal.certificate-unknown"),
        (f.HERDER, "长期", 0, CaseKind.RENEWAL, "renewal.never-ends"),
        (f.HERDER, "1年", 366, CaseKind.RENEWAL, "renewal.expired"),
        (f.HERDER, "1年", 366, CaseKind.CHANGE, "renewal.expired"),
    ],
)
def test_what_cannot_be_renewed_is_refused_by_code(
    holder: f.Actor, validity: str, wait: int, kind: CaseKind, code: str
) -> None:
    world = f.World(f.item(result_validity=validity))
    identifier = certified(world)
    world.clock.advance(days=wait)
    with pytest.raises(Invalid) as refusal:
        journey.drafted(world, holder, kind=kind, certificate=identifier)
    assert refusal.value.code == code


@pytest.mark.parametrize("kind", [CaseKind.RENEWAL, CaseKind.CHANGE, CaseKind.REISSUE])
def test_what_was_annulled_is_neither_renewed_nor_changed_nor_reissued(world: f.World, kind: CaseKind) -> None:
    certificate = world.certificates.get(certified(world))
    assert certificate is not None
    annulled = replace(certificate, state=CertificateState.ANNULLED)
    holder = Party(f.HERDER.subject, f.HERDER.kind, f.HERDER.name)
    found = renewals.obstacles(annulled, kind, holder, f.BASIC, world.clock.now())
    assert [(violation.code, violation.pointer) for violation in found] == [
        ("renewal.certificate-not-valid", "/certificate")
    ]


def test_a_renewal_drafted_in_time_and_submitted_after_the_end_is_refused(world: f.World) -> None:
    identifier = certified(world)
    case_id = journey.drafted(world, kind=CaseKind.RENEWAL, certificate=identifier)
    world.clock.at = end_of_certificate(world, identifier)
    with pytest.raises(Refused) as refusal:
        cases.submit(world, f.HERDER, case_id)
    assert refusal.value.code == "renewal.expired"


def test_a_change_keeps_the_end_of_the_certificate(world: f.World) -> None:
    identifier = certified(world)
    case_id = renewal(world, identifier, CaseKind.CHANGE)
    for role, officer, act in journey.STATIONS:
        if role == "receive":
            continue
        journey.opened(world, case_id)
        tasks.claim(world, officer, case_id)
        act(world, officer, case_id)
    certificates.issue(world, case_id)
    assert end_of_certificate(world, journey.get(world, case_id).certificate) == end_of_certificate(world, identifier)


def test_the_period_is_the_laws() -> None:
    assert (renewals.APPLY_BEFORE.value, renewals.APPLY_BEFORE.unit) == (30, "workday")
