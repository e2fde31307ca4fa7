"""What every store promises of a certificate that another one replaces, written with the case of the other."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chalicelib.domain import cases as rules
from chalicelib.domain.actors import SYSTEM
from chalicelib.domain.case_commands import ConfirmReceipt, Issue
from chalicelib.domain.certificates import Certificate
from chalicelib.domain.erasure import Ground
from chalicelib.domain.errors import Conflict
from chalicelib.domain.renewals import CaseKind
from chalicelib.services import cases, certificates, erasure, filed
from chalicelib.storage import tables as t
from chalicelib.storage.memory import MemoryCases
from tests import factories as f
from tests import journey
from tests.unit.test_renewals import certified
from tests.unit.test_replacements import granted, issued, stored, valid

pytestmark = pytest.mark.requirement("H1")


@pytest.fixture
def lasting(world: f.World) -> f.World:
    """The store under test with an item whose certificates end."""
    world.catalog.publish(f.item(result_validity="5年"))
    return world


def made(world: f.World, case_id: str) -> certificates.Made:
    """What the issue of a decided case is about to commit."""
    case = journey.get(world, case_id)
    return certificates.make(world, case, filed.item_of(world.catalog, case), world.clock.now())


def commit(world: f.World, case_id: str, result: certificates.Made) -> None:
    case = journey.get(world, case_id)
    command = Issue(result.identifier, result.replaces)
    after, events = rules.handle(case, command, SYSTEM, world.clock.now())
    world.cases.commit(
        after, events, expected_version=case.version, certificate=result.certificate, standing=result.replaced
    )


def test_it_is_replaced_with_the_issue_of_the_other_and_stays_in_the_holders_list(lasting: f.World) -> None:
    earlier = certified(lasting)
    assert lasting.certificates.successor(earlier) is None
    new = issued(lasting, granted(lasting, earlier))
    assert lasting.certificates.successor(earlier) == new
    found = stored(lasting, earlier)
    assert (found.state, found.replaced_by, found.version) == ("replaced", new, 2)
    listed = lasting.certificates.of_holder(f.HERDER.subject, None, 5).items
    assert {each.identifier: each for each in listed} == {earlier: found, new: stored(lasting, new)}
    assert certificates.verify(lasting, earlier).genuine


def test_two_that_read_the_same_certificate_cannot_both_replace_it(lasting: f.World) -> None:
    earlier = certified(lasting)
    one, two = granted(lasting, earlier), granted(lasting, earlier)
    late = made(lasting, two)
    commit(lasting, one, made(lasting, one))
    with pytest.raises(Conflict):
        commit(lasting, two, late)
    assert journey.get(lasting, two).state == "granted"
    last = issued(lasting, two)
    assert valid(lasting) == [last]
    assert lasting.certificates.successor(journey.get(lasting, one).certificate) == last


def test_nor_where_nothing_of_it_is_left(lasting: f.World) -> None:
    earlier = certified(lasting)
    until = stored(lasting, earlier).valid_until
    assert until is not None
    lasting.clock.at = until - timedelta(days=120)
    one, two = granted(lasting, earlier, CaseKind.RENEWAL), granted(lasting, earlier, CaseKind.RENEWAL)
    erased = stored(lasting, earlier).case_id
    cases.confirm_receipt(lasting, f.HERDER, erased)
    before = made(lasting, one)
    lasting.clock.at = until
    erasure.erase_person(lasting, erased, Ground.RETENTION)
    with pytest.raises(Conflict):
        commit(lasting, one, before)
    late = made(lasting, two)
    assert (late.replaces, late.replaced) == (earlier, ())
    issued(lasting, one)
    with pytest.raises(Conflict):
        commit(lasting, two, late)
    last = issued(lasting, two)
    assert valid(lasting) == [last]


def test_a_certificate_is_written_only_as_it_was_read(lasting: f.World) -> None:
    earlier = certified(lasting)
    before = stored(lasting, earlier)
    issued(lasting, granted(lasting, earlier))

    def write(next_of_it: Certificate) -> None:
        case = journey.get(lasting, before.case_id)
        after, events = rules.handle(case, ConfirmReceipt(), f.HERDER, lasting.clock.now())
        lasting.cases.commit(after, events, expected_version=case.version, standing=[next_of_it])

    for stale in (before.held_by("somebody"), before.annulled()):
        with pytest.raises(Conflict):
            write(stale)
    write(stored(lasting, earlier).annulled())
    assert stored(lasting, earlier).state == "annulled"


def test_one_from_before_there_were_versions_is_replaced_as_well(lasting: f.World) -> None:
    earlier = certified(lasting)
    if not isinstance(lasting.cases, MemoryCases):
        row = t.CertificateRow(f"certificate#{earlier}", "certificate")
        row.update(actions=[t.CertificateRow.version.remove()])
    new = issued(lasting, granted(lasting, earlier))
    assert valid(lasting) == [new]
