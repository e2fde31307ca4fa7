"""What every store promises of a check beside the case's task, of what rests on a certificate, and of annulling it."""

from __future__ import annotations

import pytest

from chalicelib.domain import cases as rules
from chalicelib.domain.actors import SYSTEM
from chalicelib.domain.case_commands import ConfirmReceipt, Issue
from chalicelib.domain.certificates import NOTHING, Certificate
from chalicelib.domain.commitment_checks import Final
from chalicelib.domain.erasure import Ground
from chalicelib.domain.errors import Conflict
from chalicelib.domain.renewals import CaseKind
from chalicelib.services import cases, certificates, commitment_checks, commitments, erasure, tasks
from chalicelib.services.ports import TaskToken
from tests import factories as f
from tests import journey
from tests import promises as p
from tests.unit.test_replacements import granted, issued, promised, stored, valid

pytestmark = pytest.mark.requirement("C5")


@pytest.fixture
def promising(world: f.World) -> f.World:
    """The store under test with an item that allows promises."""
    world.catalog.publish(p.item(result_validity="3年"))
    return world


def test_two_tasks_are_open_beside_each_other_in_the_queues_of_their_bodies(promising: f.World) -> None:
    world = promising
    case_id = journey.drafted(world)
    case = journey.get(world, case_id)
    cases.save(
        world, f.HERDER, case_id, form=case.form, materials=case.materials, delivery="window", expected=case.version
    )
    commitments.serve(world, f.HERDER, case_id)
    p.sign(world, case_id)
    commitments.decide(world, f.HERDER, case_id)
    p.task_opened(world, case_id, p.CHECKER)
    mine = tasks.worklist(world, p.CHECKER, "mine", None, 5).items
    assert [(row.case_id, row.task, row.role) for row in mine] == [(case_id, 2, "check")]
    assert world.cases.tokens(case_id) == {2: TaskToken("token-2", 1)}
    world.cases.renew_token(journey.get(world, case_id), 2, "token-new")
    assert world.cases.tokens(case_id) == {2: TaskToken("token-new", 1)}
    commitment_checks.record(world, p.CHECKER, case_id, result=commitment_checks.Result.FULFILLED, findings="属实")
    assert tasks.worklist(world, p.CHECKER, "mine", None, 5).items == []
    after = journey.get(world, case_id)
    assert after.task is not None
    assert after.check_task is None


def test_a_revocation_annuls_the_certificate_and_finds_what_rests_on_it(promising: f.World) -> None:
    world = promising
    case_id = p.heard(world)
    certificate = journey.get(world, case_id).certificate
    opening = cases.Opening(f.BASIC, f.GACHA, f.Channel.WEB, kind=CaseKind.CHANGE, certificate=certificate)
    change = cases.open_draft(world, f.HERDER, opening).id
    assert [case.id for case in world.cases.cases_about(certificate, 5)] == [change]
    assert world.cases.cases_about("1.2", 5) == []
    p.finish(world, case_id, Final.REVOKED)
    found = world.certificates.get(certificate)
    assert found is not None
    assert found.state == "annulled"
    assert world.certificates.of_holder(f.HERDER.subject, None, 5).items == [found]
    assert commitment_checks.read(world, f.HERDER, case_id).check.depending == (change,)
    stored = journey.get(world, case_id)
    assert stored.commitment is not None
    assert stored.commitment.evidence is not None
    assert commitment_checks.record_credit(world, case_id) == 1
    assert commitment_checks.record_credit(world, case_id) == 0


def test_a_revocation_annuls_what_stands_at_the_end_of_the_chain_too(promising: f.World) -> None:
    world = promising
    case_id = p.heard(world)
    world.catalog.publish(f.item(version=2, result_validity="3年"))  # the ordinary way, with nothing to prove
    chain = [journey.get(world, case_id).certificate]
    for _ in range(2):
        chain.append(issued(world, granted(world, chain[-1])))
    p.finish(world, case_id, Final.REVOKED)
    assert [stored(world, each).state for each in chain] == ["annulled", "replaced", "annulled"]
    assert valid(world) == []


def test_nothing_follows_what_was_annulled_though_its_person_is_erased(promising: f.World) -> None:
    world = promising
    case_id = p.heard(world)
    earlier = journey.get(world, case_id).certificate
    world.catalog.publish(f.item(version=2, result_validity="3年"))  # the ordinary way, with nothing to prove
    late = granted(world, earlier)
    before = certificates.make(world, journey.get(world, late), f.item(version=2), world.clock.now())
    p.finish(world, case_id, Final.REVOKED)
    assert world.certificates.successor(earlier) == NOTHING
    case = journey.get(world, late)
    after, events = rules.handle(case, Issue(before.identifier, before.replaces), SYSTEM, world.clock.now())
    with pytest.raises(Conflict):
        world.cases.commit(after, events, expected_version=case.version, certificate=before.certificate)
    erasure.erase_person(world, case_id, Ground.REQUEST)
    assert (world.certificates.get(earlier), world.certificates.successor(earlier)) == (None, NOTHING)
    assert issued(world, late) == ""
    assert valid(world) == []


def test_a_certificate_that_counts_again_can_be_replaced_again(promising: f.World) -> None:
    world = promising
    earlier = journey.get(world, p.decided(world)).certificate
    case_id = p.heard(world, promised(world, earlier))
    p.finish(world, case_id, Final.REVOKED)
    assert world.certificates.successor(earlier) is None
    assert [each.identifier for each in world.certificates.of_holder(f.HERDER.subject, None, 5).items] == [
        journey.get(world, case_id).certificate,
        earlier,
    ]
    assert valid(world) == [earlier]
    assert (stored(world, earlier).replaced_by, stored(world, earlier).version) == ("", 3)
    last = journey.get(world, promised(world, earlier)).certificate
    assert (valid(world), world.certificates.successor(earlier)) == ([last], last)
    assert stored(world, earlier).version == 4


def test_a_revocation_brings_back_only_what_stands_as_it_was_read(promising: f.World) -> None:
    world = promising
    earlier = journey.get(world, p.decided(world)).certificate
    case_id = p.heard(world, promised(world, earlier))
    before, version = stored(world, earlier), journey.get(world, case_id).version
    case = journey.get(world, before.case_id)
    after, events = rules.handle(case, ConfirmReceipt(), f.HERDER, world.clock.now())
    world.cases.commit(after, events, expected_version=case.version, standing=[before.annulled()])
    world.certificates = Stale(world, before)  # type: ignore[assignment]
    with pytest.raises(Conflict):
        p.finish(world, case_id, Final.REVOKED)
    assert journey.get(world, case_id).version == version


class Stale:
    """Certificates of a store, one of them as it once was."""

    def __init__(self, world: f.World, before: Certificate) -> None:
        self._inner, self._before = world.certificates, before

    def __getattr__(self, name: str) -> object:
        return getattr(self._inner, name)

    def get(self, identifier: str) -> Certificate | None:
        return self._before if identifier == self._before.identifier else self._inner.get(identifier)
