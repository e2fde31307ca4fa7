"""The built-in signature: the platform's seal over what the signer has confirmed in an authenticated session.

It proves which words an account confirmed, and when. It is no personal electronic signature; whoever needs one puts a
provider behind the same port.
"""

from __future__ import annotations

import base64
import hashlib

from chalicelib.domain.commitments import Evidence
from chalicelib.services.seal_ports import Seal

PROVIDER = "onewindow-seal"
ALGORITHM = "ECDSA_SHA_256"
"""On P-256, DER-encoded: what ``openssl dgst -sha256 -verify`` takes."""


class SealedConfirmation:
    """Implements ``commitment_ports.Signatures``."""

    def __init__(self, seal: Seal) -> None:
        self._seal = seal

    def sign(self, statement: str) -> Evidence:
        digest = hashlib.sha256(statement.encode()).digest()
        signature = base64.b64encode(self._seal.sign(digest)).decode()
        return Evidence(statement, digest.hex(), PROVIDER, ALGORITHM, self._seal.key_id, signature)
