"""Written acts and certificates fetched as PDF and as pages, by those who may read them."""

from __future__ import annotations

import io
from urllib.parse import unquote

import pytest
from pypdf import PdfReader

from tests.functional.conftest import Answer, Api
from tests.functional.test_notices_api import told

PDF = {"Accept": "application/pdf"}


def text_of(answer: Answer) -> str:
    return "".join("".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.body)).pages).split())


def notice_of(api: Api) -> tuple[str, str]:
    case_id = told(api)
    number = api.get("herder", f"/v1/cases/{case_id}").body["notice"]["document"]
    return f"/v1/cases/{case_id}/documents/{number}", number


@pytest.mark.requirement("B5")
def test_a_notice_is_fetched_as_pdf_with_all_that_it_says_and_the_code_that_verifies_it(api: Api) -> None:
    place, number = notice_of(api)
    document = api.get("herder", place).body
    answer = api.call("herder", "GET", f"{place}/pdf", headers=PDF)
    text = text_of(answer)
    for said in (number, document["code"], "补正通知书", "与毕业证书不一致", "演示数据"):
        assert said in text
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    disposition = answer.headers["content-disposition"]
    assert disposition.startswith(f"attachment; filename=\"{number}.pdf\"; filename*=UTF-8''")
    assert unquote(disposition.rpartition("''")[2]) == f"{document['kind']['zh']} {number}.pdf"
    assert api.call("herder", "GET", f"{place}/pdf", headers=PDF).body == answer.body


@pytest.mark.requirement("H3")
def test_who_may_not_read_a_document_gets_no_pdf_of_it_either(api: Api) -> None:
    place, _ = notice_of(api)
    assert api.call("stranger", "GET", f"{place}/pdf", headers=PDF).status == 404
    assert api.call(None, "GET", f"{place}/pdf", headers=PDF).status == 401
    assert api.call("herder", "GET", f"{place}X/pdf", headers=PDF).code == "document.not-found"
    case = place.partition("/documents")[0]
    assert api.call("herder", "GET", f"{case}/certificate/pdf", headers=PDF).code == "certificate.not-found"


@pytest.mark.parametrize("accept", ["*/*", "text/html, application/pdf", "", "application/json"])
def test_who_does_not_ask_for_pdf_first_is_told_to(api: Api, accept: str) -> None:
    """API Gateway would send the bytes as base64 text."""
    refused = api.call(
        "herder", "GET", "/v1/cases/01J00000000000000000000000/documents/N/pdf", headers={"Accept": accept}
    )
    assert (refused.status, refused.codes, refused.pointers) == (
        406,
        ["request.not-acceptable"],
        ["/headers/accept"],
    )


@pytest.mark.requirement("B5")
def test_the_page_to_print_bears_the_code_and_chinese_punctuation(api: Api) -> None:
    place, number = notice_of(api)
    code = api.get("herder", place).body["code"]
    page = api.get("herder", f"{place}/page").body
    assert f"编号：{number}" in page
    assert f'核验码：<span class="code">{code}</span>' in page
    assert "演示数据" in page
