"""The written acts of both policies, as they stand on paper: every kind, every label, the code that verifies them."""

from __future__ import annotations

import io

import pytest
from pypdf import PdfReader

from chalicelib.api import views
from chalicelib.api.papers import document_paper, pdf
from chalicelib.api.typography import chinese
from chalicelib.data import label
from chalicelib.domain.catalog import LateOutcome
from chalicelib.domain.commitment_checks import Final, Result
from chalicelib.domain.documents import DocumentKind
from chalicelib.domain.supplements import Verdict
from chalicelib.services import cases, lapses, supplements
from tests import factories as f
from tests import journey, promises
from tests.unit.test_supplements import BOTH, END_OF_WEDNESDAY, PAPER, accepted, incomplete, late


def with_gaps() -> tuple[f.World, str]:
    world = f.World(incomplete())
    return world, accepted(world, *BOTH)


def defective() -> tuple[f.World, str]:
    world, case_id = with_gaps()
    supplements.supply(world, f.HERDER, case_id, [PAPER])
    supplements.check(world, f.BANNER_REVIEWER, case_id, [Verdict("d1", ("未盖章", "缺第3页"))])
    return world, case_id


def ended(outcome: LateOutcome) -> tuple[f.World, str]:
    world = f.World(incomplete(late(outcome)))
    case_id = accepted(world, *BOTH)
    world.clock.at = END_OF_WEDNESDAY
    lapses.on_timer(world, case_id)
    return world, case_id


def checked(result: Result) -> tuple[f.World, str]:
    world = promises.world()
    return world, promises.checked(world, result)


def decided(outcome: Final) -> tuple[f.World, str]:
    world = promises.world()
    return world, promises.finished(world, outcome)


KINDS = {
    # kind: how a case gets one, and what it has to say
    DocumentKind.ACCEPTANCE: (with_gaps, ("awaited",), "应于2026年3月4日24时前补交"),
    DocumentKind.SUPPLEMENT_NOTICE: (defective, ("defects", "correction"), "缺第3页"),
    DocumentKind.ACCEPTANCE_REVOCATION: (lambda: ended(LateOutcome.ACCEPTANCE_REVOKED), ("reasons",), "住所使用证明"),
    DocumentKind.DEEMED_WITHDRAWAL: (lambda: ended(LateOutcome.DEEMED_WITHDRAWN), ("reasons",), "住所使用证明"),
    DocumentKind.REFUSAL: (lambda: ended(LateOutcome.REFUSED), ("reasons", "remedies"), "行政复议"),
    DocumentKind.CHECK_RESULT: (lambda: checked(Result.FULFILLED), ("findings",), "现场核查所见"),
    DocumentKind.MENDING_ORDER: (
        lambda: checked(Result.MEND),
        ("findings", "follows"),
        "应于2026年3月9日24时前完成整改",
    ),
    DocumentKind.INTENDED_REVOCATION: (
        lambda: checked(Result.FALSE),
        ("findings", "follows"),
        "在2026年3月9日24时前可以陈述、申辩",
    ),
    DocumentKind.REVOCATION: (lambda: decided(Final.REVOKED), ("reasons", "remedies"), "承诺与事实不符"),
    DocumentKind.NO_REVOCATION: (lambda: decided(Final.KEPT), ("reasons", "remedies"), "承诺与事实不符"),
}


@pytest.mark.requirement("B5", "C5", "D2", "D4")
@pytest.mark.parametrize("kind", KINDS)
def test_every_written_act_of_both_policies_is_printed_with_its_labels_and_its_code(kind: DocumentKind) -> None:
    make, names, words = KINDS[kind]
    world, case_id = make()
    number = [d.number for d in journey.get(world, case_id).documents if d.kind == kind][-1]
    case, content = cases.document(world, f.HERDER, case_id, number)
    document = views.document(case, content, "https://onewindow.test", f.HERDER)
    assert document["intact"]
    assert set(names) <= set(document["texts"])
    printed = "".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf(document_paper(document)))).pages)
    text = "".join(printed.split())
    assert [name for name in document["texts"] if label("text", name)["zh"] == name] == []
    said = [number, document["code"], document["kind"]["zh"], words, *(label("text", name)["zh"] for name in names)]
    for part in said:
        assert chinese(part) in text or part in text
    assert kind not in text
