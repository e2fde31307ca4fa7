"""Verify the evidence of a signed promise by itself: ``python -m infra.evidence evidence.json [--key key.pem]``.

The file is what ``GET /v1/cases/{case_id}/commitment/evidence`` answers. Nothing else is asked and nobody called.
Without ``--key`` the key in the file is used: that shows that the words were not changed since, not whose key it is.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key, load_pem_public_key

ALGORITHM = "ECDSA_SHA_256"


class NotGenuine(Exception):
    """The evidence does not show what it claims."""


def verify(evidence: Mapping[str, Any], key: Any = None) -> dict[str, Any]:
    """What was signed, if the signature over it is genuine. Raises NotGenuine with the reason.

    The digest of the text is computed anew from its clauses: a statement cannot name one text and hold another.
    """
    if evidence["algorithm"] != ALGORITHM:
        raise NotGenuine(f"the algorithm {evidence['algorithm']} is not known here")
    statement = evidence["statement"].encode()
    if hashlib.sha256(statement).hexdigest() != evidence["digest"]:
        raise NotGenuine("the digest is not that of the statement")
    public = key or load_der_public_key(base64.b64decode(evidence["public_key"]))
    if not isinstance(public, ec.EllipticCurvePublicKey):
        raise NotGenuine("the key is no key on an elliptic curve")
    try:
        public.verify(base64.b64decode(evidence["signature"]), statement, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature as error:
        raise NotGenuine("the signature is not over this statement, or not by this key") from error
    said: dict[str, Any] = json.loads(statement)
    text = {"version": said["text"]["version"], "clauses": said["text"]["clauses"]}
    canonical = json.dumps(text, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    if hashlib.sha256(canonical.encode()).hexdigest() != said["text"]["digest"]:
        raise NotGenuine("the clauses are not those of the text that is named")
    return said


def main(arguments: list[str] | None = None) -> int:
    """Answer 0 and say who promised what, or 1 and the reason."""
    parser = argparse.ArgumentParser(prog="python -m infra.evidence", description="Verify the evidence of a promise")
    parser.add_argument("evidence", type=Path)
    parser.add_argument("--key", type=Path, help="public key (PEM) that is trusted, instead of the one in the file")
    given = parser.parse_args(arguments)
    key = load_pem_public_key(given.key.read_bytes()) if given.key else None
    try:
        said = verify(json.loads(given.evidence.read_text(encoding="utf-8")), key)
    except NotGenuine as reason:
        print(f"not genuine: {reason}", file=sys.stderr)
        return 1
    print(f"genuine: {said['signer']['name']} for {said['applicant']['name']}, {said['item']['name']}")
    print(f"  signed {said['signed_at']} by {said['channel']}, text version {said['text']['version']}")
    for clause in said["text"]["clauses"]:
        print(f"  {clause['id']}: {clause['zh']}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
