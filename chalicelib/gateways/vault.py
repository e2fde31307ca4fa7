"""Data keys of AWS KMS, and AES-256-GCM under them: an envelope of our own (docs/adr/0008)."""

from __future__ import annotations

import os
from collections import OrderedDict
from datetime import datetime, timedelta
from threading import Lock
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from chalicelib.domain.errors import Unavailable
from chalicelib.services.log_ports import Damaged
from chalicelib.services.ports import Clock

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient

KEPT = 1_000
"""How many data keys a container keeps in memory: KMS is asked once for a case and container, not once for a read."""

OLDEST = timedelta(hours=1)
"""How long one is used after it was made or unwrapped: what KMS no longer unwraps, a container that lives for days must
not go on opening.
"""

_NONCE = 12  # bytes; what GCM is made for


class KmsVault:
    """Implements ``ports.Vault`` with a symmetric KMS key.

    A sealed text is nonce, ciphertext and tag. Owner and place are authenticated with it, owner and stage are the
    encryption context of the data key: KMS unwraps it for that owner only, and its trail names whose it was.
    """

    def __init__(self, client: KMSClient, key_id: str, stage: str, clock: Clock) -> None:
        self._client = client
        self._key_id = key_id
        self._stage = stage
        self._clock = clock
        self._plain: OrderedDict[bytes, tuple[datetime, bytes]] = OrderedDict()
        self._lock = Lock()

    def create(self, owner: str) -> bytes:
        try:
            made = self._client.generate_data_key(
                KeyId=self._key_id, KeySpec="AES_256", EncryptionContext=self._context(owner)
            )
        except (BotoCoreError, ClientError) as error:
            raise Unavailable.because("vault.unavailable") from error
        self._keep(made["CiphertextBlob"], made["Plaintext"])
        return made["CiphertextBlob"]

    def seal(self, owner: str, key: bytes, place: str, plain: bytes) -> bytes:
        # Chance from the system, not from the Ids port: whoever can repeat a nonce can read what it sealed.
        nonce = os.urandom(_NONCE)
        return nonce + AESGCM(self._unwrapped(owner, key)).encrypt(nonce, plain, _bound(owner, place))

    def open(self, owner: str, key: bytes, place: str, sealed: bytes) -> bytes:
        cipher = AESGCM(self._unwrapped(owner, key))
        try:
            return cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], _bound(owner, place))
        except (InvalidTag, ValueError) as error:  # ValueError: too short to hold a nonce
            raise Damaged(f"{place} of {owner} is not what was sealed there") from error

    def _unwrapped(self, owner: str, key: bytes) -> bytes:
        with self._lock:
            since, plain = self._plain.get(key, (None, b""))
            if since is not None and self._clock.now() - since <= OLDEST:
                self._plain.move_to_end(key)
                return plain
        try:
            answer = self._client.decrypt(
                KeyId=self._key_id, CiphertextBlob=key, EncryptionContext=self._context(owner)
            )
        except self._client.exceptions.InvalidCiphertextException as error:
            raise Damaged(f"the data key of {owner} is not the one that was made for it") from error
        except (BotoCoreError, ClientError) as error:
            raise Unavailable.because("vault.unavailable") from error
        self._keep(key, answer["Plaintext"])
        return answer["Plaintext"]

    def _keep(self, key: bytes, plain: bytes) -> None:
        now = self._clock.now()
        with self._lock:
            # Whenever one comes: what is old shall not lie there until somebody asks for it.
            for old in [k for k, (since, _) in self._plain.items() if now - since > OLDEST]:
                del self._plain[old]
            self._plain[key] = (now, plain)
            while len(self._plain) > KEPT:
                self._plain.popitem(last=False)

    def _context(self, owner: str) -> dict[str, str]:
        return {"owner": owner, "stage": self._stage}


def _bound(owner: str, place: str) -> bytes:
    return f"{owner}\n{place}".encode()
