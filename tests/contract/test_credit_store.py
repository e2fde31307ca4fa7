"""What every store of credit files promises."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chalicelib.domain import credit as rules
from chalicelib.domain.credit import CreditFile, Effect, Scope, Terms
from chalicelib.domain.errors import Conflict
from chalicelib.services import credit
from chalicelib.services.ports import RequestKey
from tests import factories as f
from tests import journey

TERMS = Terms(
    "作出不实承诺𠮷ᠮᠣᠩᠭᠣᠯ", "GNCN", "2", (Effect.COMMITMENT,), Scope(f.LEAGUE, (f.BASIC,)), f.START, repair_way="整改"
)


def test_a_file_grows_only_from_where_it_was_read_and_is_read_back_whole(world: f.World) -> None:
    clean = world.credit.file("herder")
    assert clean == CreditFile("herder")
    made = credit.enter(world, f.CREDIT_OFFICE, "herder", TERMS, key=RequestKey("scope", "content"))
    file = world.credit.file("herder")
    assert (file.version, file.records[0].terms) == (1, TERMS)
    assert world.credit.subject_of(made.id) == "herder"
    assert world.credit.subject_of("01" + "9" * 24) is None
    entry = rules.repair(file, f.CREDIT_OFFICE, made.id, "已整改", f.START)
    world.credit.commit(file, entry, key=None, receipt=None)
    for stale in (clean, file):
        with pytest.raises(Conflict):
            world.credit.commit(stale, replace(entry, number=stale.version + 1), key=None, receipt=None)
    assert world.credit.file("herder").records[0].repair is not None
    assert world.credit.file("stranger").version == 0
    stored = world.cases.receipt("scope")
    assert stored is not None
    assert stored.receipt.id == made.id


def test_a_used_key_adds_nothing(world: f.World) -> None:
    key = RequestKey("scope", "content")
    credit.enter(world, f.CREDIT_OFFICE, "herder", TERMS, key=key)
    with pytest.raises(Conflict):
        credit.enter(world, f.CREDIT_OFFICE, "herder", TERMS, key=key)
    assert world.credit.file("herder").version == 1


def test_a_case_is_committed_only_while_the_file_stands_as_it_was_read(world: f.World) -> None:
    case_id = journey.drafted(world)
    read = world.credit.file("herder")
    credit.enter(world, f.CREDIT_OFFICE, "herder", TERMS)
    case = journey.get(world, case_id)
    record = replace(tuple(world.cases.log(case_id))[-1], number=case.version + 1)
    after = replace(case, version=case.version + 1)
    with pytest.raises(Conflict):
        world.cases.commit(after, (record,), expected_version=case.version, credit=read)
    world.cases.commit(after, (record,), expected_version=case.version, credit=world.credit.file("herder"))
    assert journey.get(world, case_id).version == case.version + 1
