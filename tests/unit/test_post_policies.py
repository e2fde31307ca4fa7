"""The form by which a browser posts: what its policy permits, and that no weaker policy would do.

moto takes any form, so the policy is decoded and judged here, by the rules of S3 that infra/local keeps.
"""

from __future__ import annotations

import base64
import copy
import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from chalicelib.domain import uploads as rules
from chalicelib.gateways.objects import S3Objects, s3_client
from infra.local import post_policies as s3
from infra.local.environment import REGION
from tests import factories as f
from tests import upload_files as files

Json = dict[str, Any]
PDF = files.pdf()
QUARANTINE = "quarantine-bucket"
UPLOAD = rules.opened(rules.upload_id("0" * 26, "1" * 26), files.wish(PDF), f.START)


def secret() -> str:
    """What the clients of this process sign with, whichever fake has set it."""
    return os.environ["AWS_SECRET_ACCESS_KEY"]


@dataclass(frozen=True)
class Post:
    """What somebody posts."""

    fields: dict[str, str]
    content: bytes = PDF
    bucket: str = QUARANTINE
    later: timedelta = timedelta(seconds=1)

    def with_field(self, name: str, value: str) -> Post:
        return replace(self, fields={**self.fields, name: value})


@pytest.fixture(scope="module")
def form() -> dict[str, str]:
    client = s3_client(REGION)
    return dict(S3Objects(client, client, QUARANTINE, "kept").form(UPLOAD).fields)


def refusals(policy: Json, post: Post) -> list[str]:
    made = datetime.fromisoformat(s3.policy_of(post.fields)["expiration"]) - rules.FORM_LIFE
    return s3.refusals(policy, post.bucket, post.fields, post.content, made + post.later)


def _without(policy: Json, name: str) -> Json:
    policy["conditions"] = [
        c for c in policy["conditions"] if name not in (c if isinstance(c, dict) else [str(c[0]), str(c[1])[1:]])
    ]
    return policy


def _loose(policy: Json, name: str) -> Json:
    _without(policy, name)["conditions"].append(["starts-with", f"${name}", ""])
    return policy


def _ranged(policy: Json, least: int, most: int) -> Json:
    _without(policy, "content-length-range")["conditions"].append(["content-length-range", least, most])
    return policy


def _ends(policy: Json, year: str) -> Json:
    return {**policy, "expiration": f"{year}-01-01T00:00:00Z"}


def _unchecked(policy: Json, fields: tuple[str, ...]) -> Json:
    for name in fields:
        _loose(policy, name)
    return policy


def _checksum(content: bytes) -> str:
    return base64.b64encode(hashlib.sha256(content).digest()).decode()


OTHER = b"%PDF-1.7 " + b"y" * (len(PDF) - 9)

# What a weaker policy would look like, and the attack that it would let through. A file of another size or content
# comes with its own checksum, as an attacker would send it.
WEAKENED: dict[str, tuple[Callable[[Json], Json], Callable[[Post], Post]]] = {
    "any key": (lambda p: _loose(p, "key"), lambda a: a.with_field("key", "0" * 26 + "/somebody-else")),
    "any content type": (
        lambda p: _loose(p, "Content-Type"),
        lambda a: a.with_field("Content-Type", "text/html"),
    ),
    "any checksum": (
        lambda p: _loose(p, "x-amz-checksum-sha256"),
        lambda a: replace(a, content=OTHER).with_field("x-amz-checksum-sha256", _checksum(OTHER)),
    ),
    "any size": (
        lambda p: _ranged(_loose(p, "x-amz-checksum-sha256"), 0, 5 << 30),
        lambda a: replace(a, content=PDF * 2).with_field("x-amz-checksum-sha256", _checksum(PDF * 2)),
    ),
    "an empty file": (
        lambda p: _ranged(_loose(p, "x-amz-checksum-sha256"), 0, len(PDF)),
        lambda a: replace(a, content=b"").with_field("x-amz-checksum-sha256", _checksum(b"")),
    ),
    "no end": (lambda p: _ends(p, "2999"), lambda a: replace(a, later=rules.FORM_LIFE)),
    "any bucket": (lambda p: _loose(p, "bucket"), lambda a: replace(a, bucket="kept")),
    "any answer": (
        lambda p: _loose(p, "success_action_status"),
        lambda a: a.with_field("success_action_status", "200"),
    ),
}


@pytest.mark.requirement("B9")
def test_the_announced_file_is_taken_with_the_form_as_it_was_given(form: dict[str, str]) -> None:
    assert refusals(s3.policy_of(form), Post(form)) == []
    assert s3.signature_holds(form, secret())


@pytest.mark.requirement("B9")
@pytest.mark.parametrize("name", WEAKENED)
def test_a_weaker_policy_would_let_an_attack_through_that_ours_refuses(form: dict[str, str], name: str) -> None:
    weaken, attack = WEAKENED[name]
    ours = s3.policy_of(form)
    posted = attack(Post(form))
    assert refusals(ours, posted) != []
    assert refusals(weaken(copy.deepcopy(ours)), posted) == []


def test_eight_weaker_policies_are_told_from_ours() -> None:
    assert len(WEAKENED) == 8


@pytest.mark.parametrize(("seconds", "taken"), [(-1, True), (0, False), (1, False)])
def test_the_form_holds_for_five_minutes(form: dict[str, str], seconds: int, taken: bool) -> None:
    later = rules.FORM_LIFE + timedelta(seconds=seconds)
    assert (refusals(s3.policy_of(form), Post(form, later=later)) == []) is taken


def test_a_field_that_nobody_signed_is_refused(form: dict[str, str]) -> None:
    assert refusals(s3.policy_of(form), Post(form).with_field("acl", "public-read")) == ["no condition covers acl"]


def test_the_checksum_is_compared_with_the_file_itself(form: dict[str, str]) -> None:
    assert refusals(s3.policy_of(form), Post(form, content=OTHER)) == ["the checksum is not that of the file"]


def test_a_policy_that_somebody_changed_has_no_signature(form: dict[str, str]) -> None:
    policy = _loose(s3.policy_of(form), "key")
    changed = {**form, "policy": base64.b64encode(json.dumps(policy).encode()).decode()}
    assert not s3.signature_holds(changed, secret())
    assert not s3.signature_holds({**form, "x-amz-signature": ""}, secret())


def test_a_condition_that_nobody_knows_refuses(form: dict[str, str]) -> None:
    policy = s3.policy_of(form)
    policy["conditions"].append(["between", "$key", "a"])
    assert refusals(policy, Post(form)) != []


def test_an_address_to_fetch_from_is_signed_ends_and_makes_a_download() -> None:
    public = s3_client(REGION, "http://127.0.0.1:9")
    link = S3Objects(public, public, QUARANTINE, "kept").link(UPLOAD)
    place = urlsplit(link.url)
    query = dict(parse_qsl(place.query))
    assert query["response-content-disposition"].startswith("attachment; filename*=UTF-8''%E8%AF%81")
    signed_at = datetime.strptime(query["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)

    def holds(after: int, **changes: str) -> bool:
        at = signed_at + timedelta(seconds=after)
        return s3.query_holds(place.path, {**query, **changes}, place.netloc, secret(), at)

    assert [holds(seconds) for seconds in (0, 299, 300, 301)] == [True, True, False, False]
    assert not holds(0, **{"response-content-type": "text/html"})
    assert not holds(0, **{"X-Amz-Expires": "999999"})
