"""Electronic certificates: identifier, seal, verification; and written acts."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.api import views
from chalicelib.domain import certificates as rules
from chalicelib.domain import documents
from chalicelib.domain.errors import NotFound
from chalicelib.domain.log_chain import first_fault
from chalicelib.services import cases, certificates, tasks
from chalicelib.storage.codec import dumps
from tests import factories as f
from tests import journey


@pytest.fixture
def world() -> f.World:
    return f.World()


def issued(world: f.World) -> str:
    case_id = journey.granted(world)
    certificates.issue(world, case_id)
    return journey.get(world, case_id).certificate


@pytest.mark.requirement("H1")
def test_the_identifier_has_the_standard_form_and_a_check_character_that_fits(world: f.World) -> None:
    identifier = issued(world)
    assert rules.is_well_formed(identifier)
    assert identifier.startswith(f"1.2.156.3005.2.{f.USCC}001.{f.USCC}.")


@pytest.mark.parametrize(
    ("text", "check"),
    [("A12425GABC1234002", "M"), ("", "1")],  # the first is the example of ISO 7064 users (GRid)
)
def test_the_check_character_follows_iso_7064_mod_37_36(text: str, check: str) -> None:
    assert rules.check_character(text) == check


@given(st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=1, max_size=40), st.data())
def test_one_wrong_character_never_passes(text: str, data: st.DataObject) -> None:
    check = rules.check_character(text)
    place = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.sampled_from("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ").filter(lambda ch: ch != text[place]))
    assert rules.check_character(text[:place] + other + text[place + 1 :]) != check


@pytest.mark.requirement("H1")
def test_a_stranger_learns_that_it_is_genuine_and_sees_the_holder_masked(world: f.World) -> None:
    found = certificates.verify(world, issued(world))
    assert found.genuine
    assert found.holder.startswith("其*")
    assert f.HERDER.name not in found.holder


@pytest.mark.requirement("H1")
@pytest.mark.parametrize("change", [{"holder_name": "另一人"}, {"issuer_name": "另一机关"}, {"digest": "0" * 64}])
def test_a_certificate_whose_stored_content_was_changed_is_not_genuine(world: f.World, change: dict[str, str]) -> None:
    identifier = issued(world)
    stored = world.certificates.get(identifier)
    assert stored is not None
    world.store.certificates[identifier] = dumps(replace(stored, **change))  # type: ignore[arg-type]
    assert not certificates.verify(world, identifier).genuine


@pytest.mark.requirement("H1")
def test_a_genuine_certificate_whose_time_is_over_is_told_to_have_ended() -> None:
    world = f.World(f.item(result_validity="1年"))
    identifier = issued(world)
    assert not certificates.verify(world, identifier).ended
    world.clock.advance(days=366)
    found = certificates.verify(world, identifier)
    assert (found.genuine, found.ended) == (True, True)


def test_who_only_oversees_a_case_reads_its_certificate_with_the_holder_masked(world: f.World) -> None:
    case_id = journey.granted(world)
    certificates.issue(world, case_id)
    assert certificates.of_case(world, f.HERDER, case_id).holder_name == f.HERDER.name
    assert certificates.of_case(world, f.SUPERVISOR, case_id).holder_name == rules.masked(f.HERDER.name)


def test_who_only_oversees_a_case_reads_its_documents_with_the_applicant_masked(world: f.World) -> None:
    case_id = journey.granted(world)
    number = journey.get(world, case_id).documents[-1].number
    case, content = cases.document(world, f.SUPERVISOR, case_id, number)
    shown = views.document(case, content, "", f.SUPERVISOR)
    assert (shown["applicant"], shown["intact"]) == (rules.masked(f.HERDER.name), True)
    assert views.document(case, content, "", f.HERDER)["applicant"] == f.HERDER.name


def test_who_loses_the_race_to_issue_has_nothing_to_do(world: f.World) -> None:
    case_id = journey.granted(world)
    before = journey.get(world, case_id)
    certificates.issue(world, case_id)
    world.cases.get = lambda _, read=world.cases.get, first=[before]: first.pop() if first else read(case_id)  # type: ignore[method-assign,misc]
    assert not certificates.issue(world, case_id)
    assert len(world.store.certificates) == 1


@pytest.mark.parametrize("identifier", ["", "x", "1.2.156.3005.2", "1.2.156.3005.2.a.b.c.d.e", "1.2.156.3005.2.....0"])
def test_a_malformed_or_unknown_identifier_is_not_found(world: f.World, identifier: str) -> None:
    with pytest.raises(NotFound):
        certificates.verify(world, identifier)
    with pytest.raises(NotFound):
        certificates.verify(world, rules.make_identifier(f.USCC, 1, f.USCC, "UNKNOWN"))


def test_issuing_twice_gives_one_certificate(world: f.World) -> None:
    case_id = journey.granted(world)
    certificates.issue(world, case_id)
    certificates.issue(world, case_id)
    assert len(world.store.certificates) == 1


def test_a_payment_has_no_certificate_but_is_issued() -> None:
    world = f.World(f.item(result_kind="payment"))
    case_id = journey.granted(world)
    certificates.issue(world, case_id)
    assert (journey.get(world, case_id).state, journey.get(world, case_id).certificate) == ("issued", "")


def test_documents_are_numbered_dated_verifiable_and_say_what_the_log_says(world: f.World) -> None:
    case_id = journey.granted(world)
    case = journey.get(world, case_id)
    assert [d.kind for d in case.documents] == ["receipt", "acceptance", "grant"]
    for document in case.documents:
        _, content = cases.document(world, f.HERDER, case_id, document.number)
        assert content.digest() == document.digest
        assert content.issued_at == f.START
        assert content.applicant == f.HERDER.name


def test_a_document_of_another_content_has_another_digest(world: f.World) -> None:
    case = journey.get(world, journey.at(world, "decide"))
    kind = documents.DocumentKind.REFUSAL
    one = documents.write(case, kind, f.START, "机关", code="C", texts={"reasons": "甲", "remedies": "乙"})
    other = documents.write(case, kind, f.START, "机关", code="C", texts={"reasons": "甲", "remedies": "丙"})
    assert one.digest != other.digest


def test_a_refusal_is_delivered_with_reasons_and_remedies(world: f.World) -> None:
    case_id = journey.at(world, "decide")
    tasks.refuse(world, f.DECIDER, case_id, reasons="不符合条件", remedies="六十日内可申请行政复议")
    number = journey.get(world, case_id).documents[-1].number
    _, content = cases.document(world, f.HERDER, case_id, number)
    assert content.texts == {"reasons": "不符合条件", "remedies": "六十日内可申请行政复议"}
    cases.confirm_receipt(world, f.HERDER, case_id)
    assert journey.get(world, case_id).state == "closed"


@pytest.mark.requirement("B5", "G1")
def test_a_written_act_whose_words_were_changed_in_the_store_is_no_longer_intact() -> None:
    world = f.World()
    case_id = journey.at(world, "accept")
    told = {"ground": "not_a_matter", "reason": "不属于许可事项", "competent_body": ""}
    tasks.refuse_acceptance(world, f.ACCEPTOR, case_id, **told)
    number = journey.get(world, case_id).documents[-1].number
    events = world.store.events[case_id]
    events[-1] = events[-1].replace("不属于许可事项".encode(), "属于许可的事项".encode())
    case, content = cases.document(world, f.HERDER, case_id, number)
    assert content.texts["reason"] == "属于许可的事项"
    assert views.document(case, content, "https://x", f.HERDER)["intact"] is False
    finding = first_fault(world.logs.stored(case_id))
    assert finding is not None
    assert finding.event == len(events)


@pytest.mark.requirement("H1")
def test_a_certificate_is_verified_with_the_key_that_sealed_it(world: f.World) -> None:
    before = issued(world)
    world.seal.renew("next-key")
    after = issued(world)
    assert [certificates.verify(world, identifier).genuine for identifier in (before, after)] == [True, True]
    assert [key.key_id for key in certificates.seal_keys(world)] == ["next-key", "fake-key"]


@pytest.mark.requirement("H1")
def test_a_certificate_sealed_with_a_key_that_is_none_of_the_stacks_own_is_not_genuine(world: f.World) -> None:
    identifier = issued(world)
    world.seal.renew("next-key", forget=True)
    assert not certificates.verify(world, identifier).genuine


@pytest.mark.requirement("H1")
def test_a_certificate_that_names_another_key_than_sealed_it_is_not_genuine(world: f.World) -> None:
    identifier = issued(world)
    world.seal.renew("next-key")
    stored = world.certificates.get(identifier)
    assert stored is not None
    world.store.certificates[identifier] = dumps(replace(stored, seal_key="next-key"))
    assert not certificates.verify(world, identifier).genuine


@pytest.mark.requirement("I4")
def test_a_holders_name_cannot_be_tried_out_against_the_digest_of_a_certificate(world: f.World) -> None:
    stored = world.certificates.get(issued(world))
    assert stored is not None
    assert len(stored.salt) == documents.CODE_LENGTH
    assert replace(stored, salt="").content_digest().hex() != stored.digest
