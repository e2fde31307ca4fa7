"""Nothing personal outside, where requests fail: a name planted in every field of every body, and refused (I4).

test_canary.py follows a case through all hands. This one sends every route that takes a body what its schema lets
anybody write, to a door that does not open, and looks at what is written down of it and at what is answered.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import pytest

from chalicelib.edge.api import RouteSpec
from chalicelib.edge.openapi import document
from infra.local import emulator
from tests.functional.conftest import Api
from tests.functional.planting import HOUSE, IDENTITY, NAME, PHONE
from tests.functional.test_canary import (
    Witness,
    betrayed,
    filed,
    planted,
    rows,
    seen_through,
    witness,
)
from tests.functional.test_uploads_api import finalised, posted
from tests.upload_files import pdf

__all__ = ["planted", "witness"]

Json = dict[str, Any]
LONGEST = 30
ABSENT = "01ZZZZZZZZZZZZZZZZZZZZZZZZ"


class Planter:
    """Fills a body with what must be found nowhere, wherever its schema takes a text."""

    def __init__(self, whole: Json) -> None:
        self.whole = whole
        self.sown = 0

    def body(self, schema: Json) -> Any:
        """A value with every member that the schema names."""
        schema = self._followed(schema)
        for several in ("oneOf", "anyOf"):
            if several in schema and "type" not in schema:
                return self.body(schema[several][0])
        if "enum" in schema:
            return schema["enum"][0]
        if "const" in schema:
            return schema["const"]
        return self._of_type(schema)

    def _of_type(self, schema: Json) -> Any:
        kind = schema.get("type")
        if isinstance(kind, list):
            kind = kind[0]
        if kind == "object" or "properties" in schema:
            made = {name: self.body(rule) for name, rule in schema.get("properties", {}).items()}
            return made or {"applicant_name": self._text(), "phone": PHONE, "identity_number": IDENTITY}
        if kind == "array":
            return [self.body(schema.get("items", {}))] * max(1, schema.get("minItems", 1))
        if kind == "integer":
            return max(1, schema.get("minimum", 1))
        if kind == "boolean":
            return True
        return self._string(schema)

    def _string(self, schema: Json) -> str:
        self.sown += 1
        if schema.get("format") == "date-time":
            return "2026-12-31T16:00:00Z"
        if schema.get("format") == "mobile-phone" or "1[3-9]" in schema.get("pattern", ""):
            return PHONE
        if "pattern" in schema:
            return next((e for e in schema.get("examples", ()) if isinstance(e, str)), PHONE)
        return self._text()

    def _text(self) -> str:
        self.sown += 1
        return f"{NAME} {HOUSE}"[:LONGEST]

    def _followed(self, schema: Json) -> Json:
        while "$ref" in schema:
            place: Any = self.whole
            for step in schema["$ref"].removeprefix("#/").split("/"):
                place = place[step]
            schema = place
        return schema


def bodies(api: Api) -> Mapping[str, Any]:
    """For every route that takes a body one full of canaries."""
    whole = document(api.specs)
    planter = Planter(whole)
    found = {}
    for spec in api.specs:
        if spec.request:
            content = whole["paths"][spec.path][spec.method.lower()]["requestBody"]["content"]
            found[spec.operation] = planter.body(content["application/json"]["schema"])
    assert planter.sown > len(found)
    return found


def address(spec: RouteSpec, case_id: str) -> str:
    path = spec.path.replace("{case_id}", case_id).replace("{procedure}", "1")
    while "{" in path:
        path = path[: path.index("{")] + ABSENT + path[path.index("}") + 1 :]
    return path


def headers(spec: RouteSpec, number: int) -> dict[str, str]:
    return {"If-Match": '"99"'} if spec.if_match else {"Idempotency-Key": f"canary-{number}"}


@pytest.mark.requirement("I4")
def test_what_is_refused_is_written_down_nowhere_and_told_to_nobody(planted: Api, witness: Witness) -> None:
    case_id = filed(planted)
    refused = 0
    for number, (operation, body) in enumerate(sorted(bodies(planted).items())):
        spec = next(spec for spec in planted.specs if spec.operation == operation)
        for who in ("herder", "stranger", "banner-acceptance", None):
            for sent in (body, {**body, NAME: NAME}, json.dumps(body, ensure_ascii=False).encode()[:-1]):
                path = address(spec, case_id)
                answer = planted.call(who, spec.method, path, sent, headers=headers(spec, number))
                if answer.status >= 400:
                    refused += 1
                    told = seen_through(
                        {**answer.body, "errors": [{**e, "pointer": ""} for e in answer.body["errors"]]}
                    )
                    assert betrayed(told) == set(), f"{operation} as {who}: {answer.body}"
    planted.cloud.settle()
    leaks = {(where, text) for where, what in [*rows(planted), *witness.kept] for text in betrayed(what)}
    assert leaks == set()
    assert refused > 200
    assert planted.cloud.failures() == []


@pytest.mark.requirement("I4")
def test_files_lie_under_names_and_labels_that_say_nothing(planted: Api) -> None:
    """What a file is called stands in its row, sealed; its bucket has a number, a type and the bytes."""
    case_id, content = filed(planted), pdf()
    wish = {"material": "M01", "media_type": "application/pdf", "size": len(content)}
    sums = hashlib.sha256(content).hexdigest()
    made = planted.post("herder", f"/v1/cases/{case_id}/uploads", {**wish, "name": f"{NAME}.pdf", "sha256": sums})
    upload_id = str(made.body["id"])
    assert posted(planted, upload_id, content).status_code == 201
    in_quarantine = labels(planted)
    assert finalised(planted, upload_id).status == 200
    key = upload_id.replace("-", "/")
    for there in (in_quarantine, labels(planted)):
        assert key in there
        assert {name for name, what in there.items() if betrayed(what)} == set()


def labels(api: Api) -> dict[str, bytes]:
    """Everything but the bytes of whatever lies in the buckets of uploads, by key."""
    s3, told = emulator.client("s3"), api.cloud.wiring.settings
    found = {}
    for bucket in (told.quarantine_bucket, told.kept_bucket):
        for entry in s3.list_objects_v2(Bucket=bucket).get("Contents", ()):
            place = {"Bucket": bucket, "Key": entry["Key"]}
            head = {k: v for k, v in s3.head_object(**place).items() if k != "Body"}
            found[entry["Key"]] = seen_through([entry["Key"], head, s3.get_object_tagging(**place)["TagSet"]])
    return found
