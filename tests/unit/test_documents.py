"""Written acts: the verification code, and what a stranger learns who has it, or has it not."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain import documents
from chalicelib.domain.case_events import Document
from chalicelib.domain.documents import CODE_ALPHABET, CODE_LENGTH, Entry
from chalicelib.domain.errors import NotFound
from chalicelib.gateways.ids import UlidIds
from chalicelib.services import cases, certificates, erasure, tasks
from chalicelib.services.certificates import DocumentVerdict
from chalicelib.storage.codec import dumps, loads
from tests import factories as f
from tests import journey

ROOT = Path(__file__).resolve().parents[2]
LOOKALIKES = ("0O", "1I", "1L", "IL", "2Z", "5S", "8B", "UV")


@pytest.fixture
def world() -> f.World:
    return f.World()


@pytest.fixture
def refused(world: f.World) -> str:
    """A case whose decision gives reasons."""
    case_id = journey.at(world, "decide")
    tasks.refuse(world, f.DECIDER, case_id, reasons="不符合条件", remedies="六十日内可申请行政复议")
    return case_id


def last(world: f.World, case_id: str) -> Document:
    return journey.get(world, case_id).documents[-1]


# -- the code --------------------------------------------------------------------------------------------


def test_a_code_has_eighty_bits_of_chance_and_no_two_characters_that_look_alike() -> None:
    assert CODE_LENGTH * math.log2(len(set(CODE_ALPHABET))) >= 80
    assert not [pair for pair in LOOKALIKES if set(pair) <= set(CODE_ALPHABET)]


def test_codes_are_drawn_anew_from_the_machines_randomness() -> None:
    drawn = {UlidIds().secret(CODE_ALPHABET, CODE_LENGTH) for _ in range(100)}
    assert len(drawn) == 100
    assert {len(code) for code in drawn} == {CODE_LENGTH}
    assert set("".join(drawn)) <= set(CODE_ALPHABET)


@given(st.text(CODE_ALPHABET, min_size=CODE_LENGTH, max_size=CODE_LENGTH))
def test_a_code_may_be_typed_in_small_or_wide_letters_with_any_gaps(code: str) -> None:
    wide = "".join(chr(ord(ch) + 0xFEE0) for ch in code)
    for typed in (documents.printed_code(code), code.lower(), wide, f"  {documents.printed_code(code)} ", code):
        assert documents.plain_code(typed) == code


@pytest.mark.requirement("B5")
def test_every_document_of_a_case_has_a_code_of_its_own_which_its_digest_covers(world: f.World) -> None:
    case = journey.get(world, journey.granted(world))
    codes = [d.code for d in case.documents]
    assert len(set(codes)) == len(codes) == 3
    assert {len(code) for code in codes} == {CODE_LENGTH}
    for document in case.documents:
        content = documents.read(case, document, world.cases.log(case.id))
        assert content is not None
        assert content.digest() == document.digest != replace(content, code="").digest()


def test_only_one_place_writes_documents() -> None:
    """A document written past it would have no code."""
    writers = set()
    for path in (ROOT / "chalicelib").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("documents.write", "domain.documents.write"):
                writers.add(path.name)
    assert writers == {"documents.py"}


# -- what a stranger learns ------------------------------------------------------------------------------


@pytest.mark.requirement("B5")
def test_who_has_number_and_code_learns_what_the_document_says(world: f.World, refused: str) -> None:
    document = last(world, refused)
    found = certificates.verify_document(world, document.number, documents.printed_code(document.code).lower())
    assert found.verdict is DocumentVerdict.GENUINE
    assert found.content is not None
    assert found.content.texts["reasons"] == "不符合条件"
    assert found.entry.digest == document.digest


@pytest.mark.requirement("B5")
@pytest.mark.parametrize("wrong", ["", "-", "0" * CODE_LENGTH, CODE_ALPHABET[:CODE_LENGTH]])
def test_a_wrong_code_and_an_absent_number_are_told_in_the_same_words(world: f.World, refused: str, wrong: str) -> None:
    document = last(world, refused)
    with pytest.raises(NotFound) as one:
        certificates.verify_document(world, document.number, wrong)
    with pytest.raises(NotFound) as other:
        certificates.verify_document(world, "absent", document.code)
    assert one.value.violations == other.value.violations


def test_the_code_of_one_document_does_not_open_another(world: f.World, refused: str) -> None:
    receipt, *_, decision = journey.get(world, refused).documents
    with pytest.raises(NotFound):
        certificates.verify_document(world, receipt.number, decision.code)


def test_a_document_from_before_there_were_codes_still_fits_but_is_opened_by_nothing(world: f.World) -> None:
    case = journey.get(world, journey.at(world, "decide"))
    old = documents.write(case, documents.DocumentKind.GRANT, f.START, "机关", code="", texts={})
    assert documents.entry(old).lock == ""
    assert not documents.entry(old).opened_by("")
    stored = dumps(documents.entry(old)).replace(',"lock":""', "")
    assert not loads(stored, Entry).opened_by("")


# -- tampering -------------------------------------------------------------------------------------------


def edit_the_text(world: f.World, case_id: str) -> None:
    rows = world.store.events[case_id]
    rows[:] = [row.replace("不符合条件".encode(), "符合条件".encode()) for row in rows]


def swap_the_digest(world: f.World, case_id: str) -> None:
    number = last(world, case_id).number
    case, entry = world.store.documents[number]
    world.store.documents[number] = (case, replace(entry, digest="0" * 64))


def take_another_number(world: f.World, case_id: str) -> None:
    """The row of one document is put under the number of another."""
    receipt, *_, decision = journey.get(world, case_id).documents
    world.store.documents[receipt.number] = world.store.documents[decision.number]


def antedate(world: f.World, case_id: str) -> None:
    number = last(world, case_id).number
    case, entry = world.store.documents[number]
    world.store.documents[number] = (case, replace(entry, issued_at=entry.issued_at.replace(year=2020)))


@pytest.mark.requirement("B5")
@pytest.mark.parametrize("tamper", [swap_the_digest, take_another_number, antedate, edit_the_text])
def test_a_document_that_was_tampered_with_is_not_genuine(
    world: f.World, refused: str, tamper: Callable[[f.World, str], None]
) -> None:
    receipt, *_, decision = journey.get(world, refused).documents
    tamper(world, refused)
    asked = receipt if tamper is take_another_number else decision
    found = certificates.verify_document(world, asked.number, decision.code)
    assert (found.verdict, found.content) == (DocumentVerdict.ALTERED, None)


@pytest.mark.requirement("I4")
def test_of_an_erased_case_nothing_is_left_by_which_a_name_could_be_tried_out(world: f.World, refused: str) -> None:
    document = last(world, refused)
    cases.confirm_receipt(world, f.HERDER, refused)
    erasure.erase_person(world, refused, erasure.Ground.RETENTION)
    found = certificates.verify_document(world, document.number, document.code)
    assert (found.verdict, found.content) == (DocumentVerdict.ERASED, None)
    _, entry = world.store.documents[document.number]
    assert document.code not in dumps(entry)
