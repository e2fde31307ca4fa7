"""The electronic seal in AWS KMS: the private key never leaves it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.domain.errors import Unavailable

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient


class KmsSeal:
    """Implements ``ports.Seal`` with an ECC_NIST_P256 key."""

    def __init__(self, client: KMSClient, key_id: str) -> None:
        self._client = client
        self.key_id = key_id

    def sign(self, digest: bytes) -> bytes:
        try:
            answer = self._client.sign(
                KeyId=self.key_id, Message=digest, MessageType="DIGEST", SigningAlgorithm="ECDSA_SHA_256"
            )
        except (BotoCoreError, ClientError) as error:
            raise Unavailable.because("seal.unavailable") from error
        return answer["Signature"]

    def verify(self, digest: bytes, signature: bytes) -> bool:
        try:
            answer = self._client.verify(
                KeyId=self.key_id,
                Message=digest,
                MessageType="DIGEST",
                Signature=signature,
                SigningAlgorithm="ECDSA_SHA_256",
            )
        except self._client.exceptions.KMSInvalidSignatureException:
            return False
        except (BotoCoreError, ClientError) as error:
            raise Unavailable.because("seal.unavailable") from error
        return answer["SignatureValid"]

    def public_key(self) -> bytes:
        try:
            return self._client.get_public_key(KeyId=self.key_id)["PublicKey"]
        except (BotoCoreError, ClientError) as error:
            raise Unavailable.because("seal.unavailable") from error
