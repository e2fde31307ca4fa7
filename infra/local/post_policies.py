"""The rules by which S3 judges a posted form (AWS: "Creating a POST policy"), because moto has none of them.

``refusals`` evaluates a policy against the fields of a form and the size of its file; ``signature_holds`` and
``query_holds`` recompute SigV4. Only what the product uses is known; an unknown condition refuses.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

Json = dict[str, Any]

_UNNAMED = {"x-amz-signature", "file", "policy"}
"""Fields that a policy need not name; every other field of a form must be covered by a condition."""


def policy_of(fields: Mapping[str, str]) -> Json:
    """The policy of a form. Raises ValueError if there is none that can be read."""
    decoded = json.loads(base64.b64decode(_lower(fields).get("policy", ""), validate=True))
    if not isinstance(decoded, dict):
        raise ValueError("the policy is no object")
    return decoded


def refusals(policy: Json, bucket: str, fields: Mapping[str, str], content: bytes, now: datetime) -> list[str]:
    """Why S3 would not take this file with this form; empty if it would."""
    given = {**_lower(fields), "bucket": bucket}
    found = [] if _not_expired(policy, now) else ["the policy has expired"]
    covered = {"bucket"}
    for condition in policy.get("conditions", ()):
        name, refused = _judged(condition, given, len(content))
        covered.add(name)
        found += refused
    found += [f"no condition covers {name}" for name in given if name not in covered | _UNNAMED]
    checksum = given.get("x-amz-checksum-sha256")
    if checksum is not None and base64.b64encode(hashlib.sha256(content).digest()).decode() != checksum:
        found.append("the checksum is not that of the file")
    return found


def _judged(condition: Any, given: Mapping[str, str], size: int) -> tuple[str, list[str]]:
    match condition:
        case dict() if len(condition) == 1:
            ((name, value),) = condition.items()
            return name.lower(), [] if given.get(name.lower()) == value else [f"{name} is not {value}"]
        case ["eq", str(name), str(value)]:
            name = name.removeprefix("$").lower()
            return name, [] if given.get(name) == value else [f"{name} is not {value}"]
        case ["starts-with", str(name), str(value)]:
            name = name.removeprefix("$").lower()
            return name, [] if given.get(name, "").startswith(value) else [f"{name} does not begin with {value}"]
        case ["content-length-range", int(least), int(most)]:
            return "", [] if least <= size <= most else ["the file is too large or too small"]
    return "", [f"unknown condition {condition}"]


def _not_expired(policy: Json, now: datetime) -> bool:
    return now < datetime.fromisoformat(str(policy.get("expiration", "1970-01-01T00:00:00Z")))


def _lower(fields: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in fields.items()}


# -- signatures (AWS Signature Version 4) ------------------------------------------------------------------


def signature_holds(fields: Mapping[str, str], secret: str) -> bool:
    """True if the policy of a form was signed with this secret key."""
    given = _lower(fields)
    scope = given.get("x-amz-credential", "").split("/")[1:]
    expected = _signed(secret, scope, given.get("policy", ""))
    return hmac.compare_digest(expected, given.get("x-amz-signature", ""))


def query_holds(path: str, query: Mapping[str, str], host: str, secret: str, now: datetime) -> bool:
    """True if a presigned GET of this path was signed with this secret key and has not expired."""
    try:
        signed_at = datetime.strptime(query["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        lasts = timedelta(seconds=int(query["X-Amz-Expires"]))
        scope = query["X-Amz-Credential"].split("/")[1:]
        signature = query["X-Amz-Signature"]
    except (KeyError, ValueError):
        return False
    canonical = "\n".join(["GET", path, "&".join(_encoded(query)), f"host:{host}", "", "host", "UNSIGNED-PAYLOAD"])
    text = "\n".join(
        ["AWS4-HMAC-SHA256", query["X-Amz-Date"], "/".join(scope), hashlib.sha256(canonical.encode()).hexdigest()]
    )
    return now < signed_at + lasts and hmac.compare_digest(_signed(secret, scope, text), signature)


def _encoded(query: Mapping[str, str]) -> Iterator[str]:
    for name in sorted(query):
        if name != "X-Amz-Signature":
            yield f"{quote(name, safe='-_.~')}={quote(query[name], safe='-_.~')}"


def _signed(secret: str, scope: list[str], text: str) -> str:
    key = f"AWS4{secret}".encode()
    for step in scope:
        key = hmac.new(key, step.encode(), hashlib.sha256).digest()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
