"""What becomes of a certificate that was renewed, changed or issued anew (行政许可法 49, 50)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from chalicelib.domain import cases as rules
from chalicelib.domain.case_commands import ConfirmReceipt
from chalicelib.domain.cases import Case
from chalicelib.domain.certificates import Certificate
from chalicelib.domain.commitment_checks import Final
from chalicelib.domain.erasure import Ground
from chalicelib.domain.errors import Conflict, Invalid, Refused
from chalicelib.domain.materials import held_for
from chalicelib.domain.renewals import CaseKind, ends_at
from chalicelib.services import cases, certificates, commitment_checks, commitments, erasure, lapses, tasks
from tests import factories as f
from tests import journey
from tests import promises as p
from tests.unit.test_renewals import certified, end_of_certificate, renewal
from tests.unit.test_window import DIPLOMA

RENEWING = [CaseKind.RENEWAL, CaseKind.CHANGE, CaseKind.REISSUE]


@pytest.fixture
def world() -> f.World:
    return f.World(f.item(result_validity="5年"))


def decided(world: f.World, case_id: str) -> str:
    """A submitted case about a certificate, granted, its result not yet issued."""
    for role, officer, act in journey.STATIONS:
        if role != "receive":
            journey.opened(world, case_id)
            tasks.claim(world, officer, case_id)
            act(world, officer, case_id)
    return case_id


def issued(world: f.World, case_id: str) -> str:
    """The identifier of the certificate that a decided case brings."""
    assert certificates.issue(world, case_id)
    return journey.get(world, case_id).certificate


def granted(world: f.World, identifier: str, kind: CaseKind = CaseKind.CHANGE) -> str:
    """A decided case of this kind about a certificate."""
    return decided(world, renewal(world, identifier, kind))


def stored(world: f.World, identifier: str) -> Certificate:
    found = world.certificates.get(identifier)
    assert found is not None
    return found


def valid(world: f.World) -> list[str]:
    """Every certificate of the herder that counts."""
    everything = world.certificates.of_holder(f.HERDER.subject, None, 50).items
    return [found.identifier for found in everything if found.state == "valid"]


@pytest.mark.requirement("H1")
@pytest.mark.parametrize("kind", RENEWING)
def test_the_new_certificate_takes_the_place_of_the_earlier_one(world: f.World, kind: CaseKind) -> None:
    earlier = certified(world)
    new = issued(world, granted(world, earlier, kind))
    assert valid(world) == [new]
    seen = certificates.verify(world, earlier)
    assert (seen.certificate.state, seen.certificate.replaced_by, seen.genuine) == ("replaced", new, True)
    assert certificates.verify(world, new).certificate.replaced_by == ""
    event = list(world.cases.log(stored(world, new).case_id))[-1].event
    assert (event.type, getattr(event, "replaces", None)) == ("case.issued", earlier)


@pytest.mark.requirement("B8")
def test_what_was_replaced_stands_for_no_material_any_more(world: f.World) -> None:
    earlier = certified(world)
    new = issued(world, granted(world, earlier))
    asked = [DIPLOMA]
    found = world.held.certificates_of(f.HERDER.subject)
    (named,) = held_for(asked, found, world.clock.now())
    assert named.certificate == new
    assert held_for(asked, [stored(world, earlier)], world.clock.now()) == ()


@pytest.mark.parametrize("kind", RENEWING)
def test_what_was_replaced_is_neither_renewed_nor_changed_nor_reissued(world: f.World, kind: CaseKind) -> None:
    earlier = certified(world)
    issued(world, granted(world, earlier))
    with pytest.raises(Invalid) as refusal:
        journey.drafted(world, kind=kind, certificate=earlier)
    assert (refusal.value.code, refusal.value.violations[0].params) == (
        "renewal.certificate-not-valid",
        {"state": "replaced"},
    )


@pytest.mark.parametrize("kind", RENEWING)
def test_what_was_replaced_after_the_draft_was_opened_is_refused_when_it_is_handed_in(
    world: f.World, kind: CaseKind
) -> None:
    earlier = certified(world)
    draft = journey.drafted(world, kind=kind, certificate=earlier)
    issued(world, granted(world, earlier))
    with pytest.raises(Invalid, match=r"renewal\.certificate-not-valid"):
        cases.submit(world, f.HERDER, draft)


def test_of_two_cases_about_one_certificate_the_second_replaces_what_the_first_has_brought(world: f.World) -> None:
    earlier = certified(world)
    one, two = granted(world, earlier), granted(world, earlier, CaseKind.REISSUE)
    first, second = issued(world, one), issued(world, two)
    assert valid(world) == [second]
    assert [stored(world, each).replaced_by for each in (earlier, first)] == [first, second]


class Racing:
    """Certificates of a store in which another case is faster, once, behind the first reading of this kind."""

    def __init__(self, world: f.World, faster: Callable[[], object], read: str = "get") -> None:
        self._inner, self._faster, self._read = world.certificates, [faster], read

    def __getattr__(self, name: str) -> object:
        return getattr(self._inner, name)

    def get(self, identifier: str) -> Certificate | None:
        found = self._inner.get(identifier)
        self._after("get")
        return found

    def successor(self, identifier: str) -> str | None:
        found = self._inner.successor(identifier)
        self._after("successor")
        return found

    def _after(self, read: str) -> None:
        if self._faster and read == self._read:
            self._faster.pop()()


def test_two_cases_at_the_same_time_are_issued_one_after_the_other(world: f.World) -> None:
    earlier = certified(world)
    one, two = granted(world, earlier), granted(world, earlier)
    world.certificates = Racing(world, lambda: certificates.issue(world, two))  # type: ignore[assignment]
    last = issued(world, one)
    first = journey.get(world, two).certificate
    assert valid(world) == [last]
    assert [stored(world, each).replaced_by for each in (earlier, first)] == [first, last]


def test_a_renewal_replaces_from_its_issue_and_goes_on_from_the_old_end(world: f.World) -> None:
    earlier = certified(world)
    end = end_of_certificate(world, earlier)
    world.clock.at = end - timedelta(days=120)
    new = issued(world, granted(world, earlier, CaseKind.RENEWAL))
    assert stored(world, earlier).state == "replaced"
    assert (stored(world, new).issued_at < end, stored(world, new).valid_until) == (True, ends_at(end, "5年"))


@pytest.mark.parametrize("kind", RENEWING)
def test_a_case_that_began_before_a_renewal_takes_none_of_the_time_that_it_gave(world: f.World, kind: CaseKind) -> None:
    earlier = certified(world)
    end = end_of_certificate(world, earlier)
    world.clock.at = end - timedelta(days=120)
    late = granted(world, earlier, kind)
    issued(world, granted(world, earlier, CaseKind.RENEWAL))
    assert stored(world, issued(world, late)).valid_until == ends_at(end, "5年")


def test_a_renewal_by_silence_replaces_what_has_ended(world: f.World) -> None:
    earlier = certified(world)
    end = end_of_certificate(world, earlier)
    world.clock.at = end - timedelta(days=120)
    case_id = renewal(world, earlier)
    world.clock.at = end + timedelta(days=1)
    lapses.on_timer(world, case_id)
    new = issued(world, case_id)
    assert valid(world) == [new]
    assert certificates.verify(world, earlier).ended


def closed(world: f.World, identifier: str) -> Case:
    """The case of a certificate, its result handed over."""
    case_id = stored(world, identifier).case_id
    cases.confirm_receipt(world, f.HERDER, case_id)
    return journey.get(world, case_id)


@pytest.mark.requirement("I4")
def test_where_the_person_of_the_earlier_case_was_erased_there_is_nothing_to_replace(world: f.World) -> None:
    """And of two such cases the second still finds what the first has brought."""
    earlier = certified(world)
    end = end_of_certificate(world, earlier)
    world.clock.at = end - timedelta(days=120)
    one, two = granted(world, earlier, CaseKind.RENEWAL), granted(world, earlier, CaseKind.RENEWAL)
    old = closed(world, earlier)
    world.clock.at = end
    erasure.erase_person(world, old.id, Ground.RETENTION)
    issued(world, one)
    last = issued(world, two)
    assert world.certificates.get(earlier) is None
    assert valid(world) == [last]


@pytest.mark.requirement("I4")
def test_the_person_of_a_case_whose_certificate_was_replaced_can_be_erased(world: f.World) -> None:
    earlier = certified(world)
    case = closed(world, earlier)
    with pytest.raises(Refused, match=r"erasure\.certificate-valid"):
        erasure.erase_person(world, case.id, Ground.REQUEST)
    pending = granted(world, earlier)
    first = issued(world, granted(world, earlier))
    erasure.erase_person(world, case.id, Ground.REQUEST)
    last = issued(world, pending)
    assert stored(world, first).replaced_by == last
    assert valid(world) == [last]


def test_a_written_act_of_the_earlier_case_is_verified_as_before(world: f.World) -> None:
    earlier = certified(world)
    case = journey.get(world, stored(world, earlier).case_id)
    issued(world, granted(world, earlier))
    act = case.documents[-1]
    assert certificates.verify_document(world, act.number, act.code).verdict == "genuine"


def at_its_decision(world: f.World, case_id: str) -> str:
    """A submitted case whose decision is on the decider's desk."""
    for role, officer, act in journey.STATIONS:
        if role == "receive":
            continue
        journey.opened(world, case_id)
        tasks.claim(world, officer, case_id)
        if officer is f.DECIDER:
            break
        act(world, officer, case_id)
    return case_id


@pytest.fixture
def doubted() -> tuple[f.World, str, str]:
    """A promise about to be revoked, its case and certificate; what comes now goes the ordinary way."""
    world = p.world(result_validity="5年")
    revoked = p.heard(world)
    world.catalog.publish(f.item(version=2, result_validity="5年"))
    return world, revoked, journey.get(world, revoked).certificate


@pytest.mark.requirement("C5")
@pytest.mark.parametrize("kind", RENEWING)
def test_what_was_granted_before_the_annulment_and_not_issued_brings_no_certificate(
    doubted: tuple[f.World, str, str], kind: CaseKind
) -> None:
    world, revoked, earlier = doubted
    case_id = granted(world, earlier, kind)
    p.finish(world, revoked, Final.REVOKED)
    assert issued(world, case_id) == ""
    assert valid(world) == []
    assert (stored(world, earlier).state, stored(world, earlier).replaced_by) == ("annulled", "")
    cases.confirm_receipt(world, f.HERDER, case_id)
    assert journey.get(world, case_id).state == "closed"


@pytest.mark.requirement("C5")
def test_an_annulment_of_the_same_moment_leaves_nothing_that_counts(doubted: tuple[f.World, str, str]) -> None:
    world, revoked, earlier = doubted
    case_id = granted(world, earlier)
    world.certificates = Racing(world, lambda: p.finish(world, revoked, Final.REVOKED))  # type: ignore[assignment]
    assert issued(world, case_id) == ""
    assert valid(world) == []


@pytest.mark.requirement("C5")
@pytest.mark.parametrize("kind", RENEWING)
def test_nothing_is_granted_about_what_was_annulled_and_the_case_is_refused_or_withdrawn(
    doubted: tuple[f.World, str, str], kind: CaseKind
) -> None:
    world, revoked, earlier = doubted
    one, two = (at_its_decision(world, renewal(world, earlier, kind)) for _ in range(2))
    p.finish(world, revoked, Final.REVOKED)
    with pytest.raises(Refused) as refusal:
        tasks.grant(world, f.DECIDER, one, opinion="准予")
    assert (refusal.value.code, refusal.value.violations[0].params) == (
        "renewal.certificate-not-valid",
        {"state": "annulled"},
    )
    tasks.refuse(world, f.DECIDER, one, reasons="原许可已被撤销", remedies="可申请行政复议")
    cases.withdraw(world, f.HERDER, two, "")
    assert [journey.get(world, each).state for each in (one, two)] == ["refused", "withdrawn"]


@pytest.mark.requirement("C5")
def test_nor_once_the_person_of_the_revoked_case_is_erased(doubted: tuple[f.World, str, str]) -> None:
    world, revoked, earlier = doubted
    pending, late = at_its_decision(world, renewal(world, earlier)), granted(world, earlier)
    p.finish(world, revoked, Final.REVOKED)
    erasure.erase_person(world, revoked, Ground.REQUEST)
    assert world.certificates.get(earlier) is None
    with pytest.raises(Refused, match=r"renewal\.certificate-not-valid"):
        tasks.grant(world, f.DECIDER, pending, opinion="准予")
    assert issued(world, late) == ""
    assert valid(world) == []


@pytest.mark.requirement("C5")
@pytest.mark.parametrize("annulled", [True, False])
def test_silence_renews_nothing_that_was_annulled_article_50_2(
    doubted: tuple[f.World, str, str], annulled: bool
) -> None:
    world, revoked, earlier = doubted
    end = end_of_certificate(world, earlier)
    world.clock.at = end - timedelta(days=120)
    case_id = at_its_decision(world, renewal(world, earlier))
    p.finish(world, revoked, Final.REVOKED if annulled else Final.UPHELD)
    world.clock.at = end + timedelta(days=1)
    assert cases.read(world, f.HERDER, case_id).state == ("in_review" if annulled else "granted")
    lapses.on_timer(world, case_id)
    assert journey.get(world, case_id).state == ("in_review" if annulled else "granted")
    if annulled:
        tasks.refuse(world, f.DECIDER, case_id, reasons="原许可已被撤销", remedies="可申请行政复议")
        assert not certificates.issue(world, case_id)
    assert valid(world) == ([] if annulled else [earlier])


@pytest.mark.requirement("C5")
@pytest.mark.parametrize("changes", [1, 3])
def test_a_revocation_annuls_what_came_of_the_certificate_too(changes: int) -> None:
    world = p.world(result_validity="5年")
    revoked = p.heard(world)
    world.catalog.publish(f.item(version=2, result_validity="5年"))  # the ordinary way, with nothing to prove
    chain = [journey.get(world, revoked).certificate]
    for _ in range(changes):
        chain.append(issued(world, granted(world, chain[-1])))
    p.finish(world, revoked, Final.REVOKED)
    assert valid(world) == []
    assert (stored(world, chain[0]).state, stored(world, chain[0]).replaced_by) == ("annulled", chain[1])
    assert stored(world, chain[-1]).state == "annulled"
    assert [stored(world, each).state for each in chain[1:-1]] == ["replaced"] * (changes - 1)


@pytest.mark.requirement("C5")
@pytest.mark.parametrize("outcome", [Final.UPHELD, Final.KEPT])
def test_what_is_not_revoked_leaves_every_certificate_as_it_stands(outcome: Final) -> None:
    world = p.world(result_validity="5年")
    case_id = p.heard(world)
    world.catalog.publish(f.item(version=2, result_validity="5年"))  # the ordinary way, with nothing to prove
    new = issued(world, granted(world, journey.get(world, case_id).certificate))
    p.finish(world, case_id, outcome)
    assert valid(world) == [new]


@pytest.mark.requirement("C5")
@pytest.mark.parametrize("read", ["get", "successor"])
def test_a_change_that_is_issued_while_the_revocation_is_written_is_annulled_with_it(read: str) -> None:
    world = p.world(result_validity="5年")
    revoked = p.heard(world)
    world.catalog.publish(f.item(version=2, result_validity="5年"))  # the ordinary way, with nothing to prove
    late = granted(world, journey.get(world, revoked).certificate)
    world.certificates = Racing(world, lambda: certificates.issue(world, late), read)  # type: ignore[assignment]
    p.finish(world, revoked, Final.REVOKED)
    assert journey.get(world, late).certificate
    assert valid(world) == []


def promised(world: f.World, earlier: str, kind: CaseKind = CaseKind.CHANGE) -> str:
    """A case about a certificate, decided and issued on a promise."""
    case_id = p.signed(world, kind=kind, certificate=earlier)
    commitments.decide(world, f.HERDER, case_id)
    return case_id


@pytest.mark.requirement("C5")
@pytest.mark.parametrize("kind", RENEWING)
def test_where_only_the_later_promise_was_false_the_earlier_certificate_counts_again(kind: CaseKind) -> None:
    world = p.world(result_validity="5年")
    earlier = journey.get(world, p.decided(world)).certificate
    end = stored(world, earlier).valid_until
    case_id = p.heard(world, promised(world, earlier, kind))
    new = journey.get(world, case_id).certificate
    p.finish(world, case_id, Final.REVOKED)
    again = stored(world, earlier)
    assert (again.state, again.replaced_by, again.valid_until, again.version) == ("valid", "", end, 3)
    assert (stored(world, new).state, world.certificates.successor(earlier)) == ("annulled", None)
    event = next(r.event for r in world.cases.log(case_id) if r.event.type == "commitment.revoked")
    assert getattr(event, "reinstated", None) == earlier
    assert commitment_checks.read(world, f.HERDER, case_id).check.reinstated == earlier
    assert certificates.verify(world, earlier).genuine
    last = journey.get(world, promised(world, earlier)).certificate
    assert (valid(world), stored(world, earlier).replaced_by) == ([last], last)


@pytest.mark.requirement("C5")
def test_what_came_of_a_false_change_falls_with_it_and_the_certificate_before_it_counts_again() -> None:
    world = p.world(result_validity="5年")
    earlier = journey.get(world, p.decided(world)).certificate
    case_id = p.heard(world, promised(world, earlier))
    new = journey.get(world, case_id).certificate
    last = journey.get(world, promised(world, new)).certificate
    p.finish(world, case_id, Final.REVOKED)
    assert valid(world) == [earlier]
    assert [stored(world, each).state for each in (new, last)] == ["annulled", "annulled"]


@pytest.mark.requirement("C5")
def test_what_the_second_of_two_changes_replaced_counts_again_and_not_what_it_is_about() -> None:
    world = p.world(result_validity="5年")
    earlier = journey.get(world, p.decided(world)).certificate
    world.catalog.publish(f.item(version=2, result_validity="5年"))
    late = granted(world, earlier)
    world.catalog.publish(p.item(version=3, result_validity="5年"))
    first = journey.get(world, promised(world, earlier)).certificate
    last = issued(world, late)
    case_id = p.heard(world, promised(world, last))
    p.finish(world, case_id, Final.REVOKED)
    assert valid(world) == [last]
    assert [stored(world, each).state for each in (earlier, first)] == ["replaced", "replaced"]


@pytest.mark.requirement("C5")
@pytest.mark.parametrize("moment", [timedelta(seconds=-1), timedelta()], ids=["before its end", "at its end"])
def test_what_has_ended_meanwhile_does_not_count_again(moment: timedelta) -> None:
    world = p.world(result_validity="5年")
    earlier = journey.get(world, p.decided(world)).certificate
    world.clock.at = end_of_certificate(world, earlier) - timedelta(days=200)
    case_id = p.heard(world, promised(world, earlier, CaseKind.RENEWAL))
    world.clock.at = end_of_certificate(world, earlier) + moment
    p.finish(world, case_id, Final.REVOKED)
    assert valid(world) == ([earlier] if moment else [])
    assert commitment_checks.read(world, f.HERDER, case_id).check.reinstated == ("" if not moment else earlier)


@pytest.mark.requirement("C5")
def test_what_was_annulled_itself_does_not_count_again() -> None:
    """Whichever of the two promises is found false first."""
    world = p.world(result_validity="5年")
    first = p.heard(world)
    case_id = p.heard(world, promised(world, journey.get(world, first).certificate))
    last = journey.get(world, promised(world, journey.get(world, case_id).certificate)).certificate
    p.finish(world, first, Final.REVOKED)
    p.finish(world, case_id, Final.REVOKED)
    assert valid(world) == []
    assert stored(world, last).state == "annulled"
    assert commitment_checks.read(world, f.HERDER, case_id).check.reinstated == ""


@pytest.mark.requirement("C5")
def test_what_a_change_had_replaced_does_not_count_again_once_the_whole_chain_is_void() -> None:
    world = p.world(result_validity="5年")
    first = p.heard(world)
    chain = [journey.get(world, first).certificate]
    between = promised(world, chain[0])
    chain.append(journey.get(world, between).certificate)
    case_id = p.heard(world, promised(world, chain[-1]))
    promised(world, journey.get(world, case_id).certificate)
    p.finish(world, first, Final.REVOKED)
    p.finish(world, case_id, Final.REVOKED)
    assert valid(world) == []


@pytest.mark.requirement("C5")
@pytest.mark.requirement("I4")
def test_where_the_person_of_the_earlier_case_was_erased_nothing_counts_again() -> None:
    world = p.world(result_validity="5年")
    world.catalog.publish(f.item(version=2, result_validity="5年"))
    earlier = certified(world)
    world.catalog.publish(p.item(version=3, result_validity="5年"))
    case_id = p.heard(world, promised(world, earlier))
    erasure.erase_person(world, closed(world, earlier).id, Ground.REQUEST)
    p.finish(world, case_id, Final.REVOKED)
    assert valid(world) == []
    assert world.certificates.get(earlier) is None


@pytest.mark.requirement("C3")
def test_a_renewal_decided_on_a_promise_replaces_in_the_same_request() -> None:
    world = p.world(result_validity="5年")
    earlier = journey.get(world, p.decided(world)).certificate
    case_id = p.signed(world, kind=CaseKind.RENEWAL, certificate=earlier)
    other = p.signed(world, kind=CaseKind.CHANGE, certificate=earlier)
    commitments.decide(world, f.HERDER, case_id)
    assert valid(world) == [journey.get(world, case_id).certificate]
    with pytest.raises(Invalid, match=r"renewal\.certificate-not-valid"):
        commitments.decide(world, f.HERDER, other)


def test_a_claim_that_read_the_certificate_before_it_was_replaced_does_not_bring_it_back(world: f.World) -> None:
    earlier = certified(world)
    before = stored(world, earlier)
    issued(world, granted(world, earlier))
    case = journey.get(world, before.case_id)
    after, events = rules.handle(case, ConfirmReceipt(), f.HERDER, world.clock.now())
    with pytest.raises(Conflict):
        world.cases.commit(after, events, expected_version=case.version, standing=[before.held_by("somebody")])
    assert journey.get(world, case.id).version == case.version
