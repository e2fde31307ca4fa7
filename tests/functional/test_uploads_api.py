"""Uploads over HTTP, from the announcement to the download, with a plain HTTP client where a browser would be."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest

from chalicelib.domain.file_checks import MediaType
from infra.local import emulator
from infra.local.objects import EICAR
from tests import upload_files as files
from tests.functional.conftest import Answer, Api
from tests.functional.test_cases_api import FORM, MATERIALS, drafted, opening

PDF = files.pdf()


def announced(api: Api, case_id: str, content: bytes = PDF, media_type: MediaType = MediaType.PDF) -> str:
    wish = files.wish(content, media_type, material="M01")
    body = {name: getattr(wish, name) for name in ("material", "name", "media_type", "size", "sha256")}
    made = api.post("herder", f"/v1/cases/{case_id}/uploads", body)
    assert made.status == 201, made.body
    assert made.headers["location"].endswith(f"/v1/uploads/{made.body['id']}")
    return str(made.body["id"])


def posted(api: Api, upload_id: str, content: bytes, **changes: str) -> httpx.Response:
    """What a browser does with the form."""
    form = api.get("herder", f"/v1/uploads/{upload_id}").body["form"]
    named = {"file": ("x", content, "application/octet-stream")}
    return httpx.post(form["url"], data={**form["fields"], **changes}, files=named)


def finalised(api: Api, upload_id: str) -> Answer:
    return api.post("herder", f"/v1/uploads/{upload_id}/finalisation")


def uploaded(api: Api, case_id: str, content: bytes, media_type: MediaType = MediaType.PDF) -> str:
    upload_id = announced(api, case_id, content, media_type)
    assert posted(api, upload_id, content).status_code == 201
    assert finalised(api, upload_id).status == 200
    return upload_id


def state(api: Api, upload_id: str) -> str:
    return str(api.get("herder", f"/v1/uploads/{upload_id}").body["state"]["code"])


def objects(api: Api) -> dict[str, set[str]]:
    """What lies in the buckets, by bucket."""
    s3 = emulator.client("s3")
    told = api.cloud.wiring.settings
    found = {}
    for name in (told.quarantine_bucket, told.kept_bucket):
        found[name] = {o["Key"] for o in s3.list_objects_v2(Bucket=name).get("Contents", [])}
    return found


@pytest.mark.requirement("B9")
@pytest.mark.parametrize("name", ["a small PDF", "a small JPEG", "a small PNG", "a small OFD"])
def test_a_file_goes_through_quarantine_and_is_fetched_as_a_download(api: Api, name: str) -> None:
    media_type, content = files.SOUND[name]
    case_id, _ = drafted(api)
    upload_id = uploaded(api, case_id, content, media_type)
    assert state(api, upload_id) == "clean"
    given = api.get("herder", f"/v1/uploads/{upload_id}/content").body
    fetched = httpx.get(given["url"])
    assert (fetched.status_code, fetched.content) == (200, content)
    assert fetched.headers["content-type"] == media_type
    assert fetched.headers["content-disposition"].startswith("attachment;")
    assert fetched.headers["x-content-type-options"] == "nosniff"
    assert httpx.get(given["url"].replace("X-Amz-Signature=", "X-Amz-Signature=0")).status_code == 403
    key = upload_id.replace("-", "/")
    assert [key in there for there in objects(api).values()] == [False, True]


@pytest.mark.requirement("B9")
def test_an_application_names_its_electronic_materials_by_clean_uploads(api: Api) -> None:
    made = api.post("herder", "/v1/cases", opening()).body
    digest = files.wish(PDF).sha256
    electronic = {**MATERIALS[0], "form": "electronic", "digest": digest}
    application = {"form": FORM, "materials": [electronic, *MATERIALS[1:]]}
    api.put("herder", f"/v1/cases/{made['id']}/application", application, made["version"])
    refused = api.post("herder", f"/v1/cases/{made['id']}/submission")
    assert (refused.status, refused.codes) == (422, ["material.upload-unknown"])
    assert refused.pointers == ["/materials/0/digest"]
    uploaded(api, made["id"], PDF)
    assert api.post("herder", f"/v1/cases/{made['id']}/submission").status == 200
    late = api.post("herder", f"/v1/cases/{made['id']}/uploads", {**_wish(), "name": "迟.pdf"})
    assert (late.status, late.code) == (409, "case.wrong-state")


def _wish() -> dict[str, Any]:
    wish = files.wish(PDF, material="M01")
    return {name: getattr(wish, name) for name in ("material", "name", "media_type", "size", "sha256")}


@pytest.mark.requirement("B9")
@pytest.mark.parametrize(
    ("name", "flaw"),
    [
        ("a PDF with a script", "upload.active-content"),
        ("a PDF that is a ZIP as well", "upload.two-in-one"),
        ("a PNG named JPEG", "upload.other-type"),
        ("an OFD that leads out of its folder", "upload.entry-name"),
    ],
)
def test_a_hostile_file_is_refused_with_its_reason_and_never_served(api: Api, name: str, flaw: str) -> None:
    hostile = files.HOSTILE[name]
    case_id, _ = drafted(api)
    upload_id = uploaded(api, case_id, hostile.make(), hostile.media_type)
    shown = api.get("herder", f"/v1/uploads/{upload_id}").body
    assert (shown["state"]["code"], [f["code"] for f in shown["flaws"]]) == ("refused", [flaw])
    assert shown["flaws"][0]["zh"]
    answer = api.get("herder", f"/v1/uploads/{upload_id}/content")
    assert (answer.status, answer.code) == (409, "upload.not-clean")
    assert not any(upload_id.replace("-", "/") in there for there in objects(api).values())


def test_what_only_a_scanner_sees_is_refused_too(api: Api) -> None:
    case_id, _ = drafted(api)
    upload_id = uploaded(api, case_id, files.pdf(files.stream(EICAR, b"", pack=False)))
    shown = api.get("herder", f"/v1/uploads/{upload_id}").body
    assert [f["code"] for f in shown["flaws"]] == ["upload.infected"]


@pytest.mark.parametrize(
    ("changes", "content"),
    [
        ({}, PDF + b"x"),
        ({}, b"%PDF-1.7" + b"x" * (len(PDF) - 8)),
        ({"Content-Type": "text/html"}, PDF),
        ({"key": "0/0"}, PDF),
        ({"x-amz-checksum-sha256": "x"}, PDF),
        ({"policy": "e30="}, PDF),
    ],
)
def test_the_form_takes_nothing_but_the_announced_file(api: Api, changes: dict[str, str], content: bytes) -> None:
    case_id, _ = drafted(api)
    upload_id = announced(api, case_id)
    assert posted(api, upload_id, content, **changes).status_code == 403
    answer = finalised(api, upload_id)
    assert (answer.status, answer.code) == (409, "upload.not-there")


def test_strangers_see_no_upload_and_get_no_form(api: Api) -> None:
    case_id, _ = drafted(api)
    upload_id = uploaded(api, case_id, PDF)
    for path in (f"/v1/uploads/{upload_id}", f"/v1/uploads/{upload_id}/content", f"/v1/cases/{case_id}/uploads"):
        assert api.get("banner-review", path).status == 404
        assert api.get("herder", path).status == 200
    assert api.post("banner-review", f"/v1/uploads/{upload_id}/finalisation").status == 404
    assert api.post("banner-review", f"/v1/cases/{case_id}/uploads", _wish()).status == 404
    assert [u["id"] for u in api.get("herder", f"/v1/cases/{case_id}/uploads").body["items"]] == [upload_id]


def test_announcing_twice_with_one_key_announces_one_file(api: Api) -> None:
    case_id, _ = drafted(api)
    path = f"/v1/cases/{case_id}/uploads"
    first = api.post("herder", path, _wish(), key="upload-once-and-again")
    again = api.post("herder", path, _wish(), key="upload-once-and-again")
    assert (again.status, again.body) == (201, first.body)
    assert len(api.get("herder", path).body["items"]) == 1


def test_what_nobody_finished_is_gone_after_an_hour(api: Api) -> None:
    case_id, version = drafted(api)
    upload_id = announced(api, case_id)
    assert posted(api, upload_id, PDF).status_code == 201
    api.cloud.advance(timedelta(hours=1, minutes=1))
    api.cloud.invoke("sweep_timers")
    api.cloud.settle()
    assert api.get("herder", f"/v1/uploads/{upload_id}").status == 404
    assert not any(upload_id.replace("-", "/") in there for there in objects(api).values())
    assert api.get("herder", f"/v1/cases/{case_id}").body["version"] == version
