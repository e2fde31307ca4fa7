"""Written acts and certificates as PDF: what is read out of the file again, and what its fonts are."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from chalicelib.api import papers
from chalicelib.api.papers import Paper, pdf
from chalicelib.api.typography import chinese

SEAL = "锡林郭勒盟行政审批政务服务局"
NAMES = ("其其格", "𠮷田𬎆", "ᠴᠡᠴᠡᠭ", "Өргөө", "Zoë Šťastný", "㛃𡈼𪚥𫝑𫠝𬺰")
PAPER = Paper(
    title="不予许可决定书",
    head=SEAL,
    number="11152500MB1234567X40001091010002026030200001-BXK",
    issued_at="2026-03-01T16:05:00+00:00",
    signer=SEAL,
    facts=(("申请人", "其其格"), ("办件编号", "11152500MB1234567X40001091010002026030200001")),
    texts=(("理由", "不符合《教师资格条例》第十条规定的条件。"), ("救济途径", "六十日内可以申请行政复议。")),
    hint="核验",
    verify_url="https://onewindow.test/v1/verify/documents/N-BXK/34679ACDEFGHJKMNPQ/page",
    code="34679A-CDEFGH-JKMNPQ",
    proofs=(("SHA-256", "9f" * 32),),
    demo=False,
)


def read(paper: Paper) -> PdfReader:
    return PdfReader(io.BytesIO(pdf(paper)))


def text_of(paper: Paper) -> str:
    """Everything on every page, without gaps: where lines break is not what is asked."""
    text = "".join(page.extract_text() for page in read(paper).pages)
    return "".join(ch for ch in text if not ch.isspace())


@pytest.mark.requirement("B5")
def test_everything_that_the_document_says_can_be_read_out_of_the_file_again() -> None:
    text = text_of(PAPER)
    said = [PAPER.title, PAPER.head, PAPER.number, PAPER.code, PAPER.verify_url, "9f" * 32, "2026年3月2日"]
    for name, value in (*PAPER.facts, *PAPER.texts):
        said += [name, value]
    for part in said:
        assert str(part) in text


@pytest.mark.requirement("B5")
def test_every_font_is_embedded_as_a_subset_and_can_be_read_back() -> None:
    fonts = [
        font.get_object()
        for page in read(replace(PAPER, facts=tuple(("申请人", name) for name in NAMES))).pages
        for font in page["/Resources"]["/Font"].values()  # type: ignore[index]
    ]
    families = set()
    for font in fonts:
        inner = font["/DescendantFonts"][0].get_object()
        descriptor = inner["/FontDescriptor"].get_object()
        assert {"/FontFile2", "/FontFile3"} & set(descriptor), font["/BaseFont"]
        assert "/ToUnicode" in font
        tag, _, name = str(font["/BaseFont"]).lstrip("/").partition("+")
        assert len(tag) == 6
        families.add(name.partition("-")[0])
    assert families == {"OneWindowSong", "OneWindowHeading", "OneWindowLetters", "OneWindowMongolian", "OneWindowRare"}


def test_the_file_names_its_title_language_and_the_moment_of_issue_and_is_on_a4() -> None:
    found = read(PAPER)
    assert found.metadata is not None
    assert found.metadata.title == f"{PAPER.title} {PAPER.number}"
    assert found.metadata.author == SEAL
    assert str(found.metadata.get("/CreationDate", "")).startswith(("D:20260302000500", "D:20260301160500"))
    assert str(found.trailer["/Root"]["/Lang"]).startswith("zh")  # type: ignore[index]
    assert [round(float(side)) for side in found.pages[0].mediabox] == [0, 0, 595, 842]


def test_the_same_document_gives_the_same_bytes_and_another_one_gives_others() -> None:
    assert pdf(PAPER) == pdf(replace(PAPER))
    assert pdf(PAPER) != pdf(replace(PAPER, code="34679A-CDEFGH-JKMNPR"))


def test_a_notice_of_many_defects_goes_over_pages_and_loses_none() -> None:
    lines = [f"{i}. 材料甲，第{i}页：复印件不清晰，与所填内容不一致。" for i in range(1, 61)]
    paper = replace(PAPER, texts=(("需要补正的内容", "\n".join(lines)),))
    assert len(read(paper).pages) >= 2
    text = text_of(paper)
    assert [line for line in lines if "".join(line.split()) not in text] == []


# -- names -----------------------------------------------------------------------------------------------


@pytest.mark.requirement("B5")
@pytest.mark.parametrize("name", NAMES)
def test_names_in_every_script_of_the_region_and_rare_characters_are_there(name: str) -> None:
    text = text_of(replace(PAPER, facts=(("申请人", name),)))
    assert "".join(name.split()) in text
    assert papers.MISSING not in text


@pytest.mark.requirement("B5")
def test_a_name_is_printed_in_the_very_characters_in_which_it_is_registered() -> None:
    # Read out of the file they cannot be told apart: the font draws both with one glyph.
    assert papers._composed("金\uf90a\U0002f80a") == "金\uf90a\U0002f80a"
    assert "Zoé" in text_of(replace(PAPER, facts=(("申请人", "Zoe\u0301"),)))


@pytest.mark.requirement("B5")
def test_a_character_that_no_font_has_is_shown_by_its_code_and_said_at_the_end() -> None:
    assert not papers.has_glyph("😀")
    text = text_of(replace(PAPER, facts=(("申请人", "其其格😀"),)))
    assert "其其格〓(U+1F600)" in text
    assert "字库中没有" in text
    assert text.count("U+1F600") == 2


@settings(max_examples=40, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60))
def test_no_text_whatever_breaks_the_typesetter(text: str) -> None:
    assert pdf(replace(PAPER, facts=(("申请人", text),), texts=(("理由", text),))).startswith(b"%PDF-")


def test_what_looks_like_markup_is_text() -> None:
    hostile = '#eval("1") $x$ *a* _b_ `c` <label> @ref = \\ // https://a.b'
    assert "".join(hostile.split()) in text_of(replace(PAPER, facts=(("申请人", hostile),)))


def test_a_word_without_gaps_stays_on_the_paper() -> None:
    paper = replace(PAPER, facts=(("申请人", "W" * 400),), code=None, verify_url=None)
    lines = [line for page in read(paper).pages for line in page.extract_text().splitlines() if "WW" in line]
    assert sum(line.count("W") for line in lines) == 400
    assert max(line.count("W") for line in lines) <= 40


# -- who may not have the code ---------------------------------------------------------------------------


def test_without_a_code_there_is_no_address_to_verify_at() -> None:
    text = text_of(replace(PAPER, verify_url=None, code=None))
    assert "https://" not in text
    assert "核验码" not in text
    assert "9f" * 32 in text


def test_demonstration_data_says_so() -> None:
    assert "演示数据" in text_of(replace(PAPER, demo=True))
    assert "演示数据" not in text_of(PAPER)


# -- punctuation -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "printed"),
    [
        ("经审查,不符合条件;不予许可", "经审查，不符合条件；不予许可"),
        ("教师资格认定(初级中学)", "教师资格认定（初级中学）"),
        ("《教师资格条例》:第十条", "《教师资格条例》：第十条"),
        ("行政许可法 32(3)", "行政许可法 32(3)"),
        ("2026年3月2日 09:05", "2026年3月2日 09:05"),
        ("1,000 yuan (about)", "1,000 yuan (about)"),
        ("https://a.b/c?d=e", "https://a.b/c?d=e"),
        ("", ""),
    ],
)
def test_punctuation_between_chinese_characters_has_full_width(typed: str, printed: str) -> None:
    assert chinese(typed) == printed
