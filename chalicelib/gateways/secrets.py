"""Secrets from AWS Secrets Manager, kept in the container for a while, and rotated without anybody noticing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.domain.errors import Unavailable
from chalicelib.services.ports import Clock

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

LASTS = timedelta(minutes=1)
"""How long a container goes by what it has read: so long a rotation may stay unnoticed."""

_ABSENT = frozenset({"ResourceNotFoundException"})


def read_secret(client: SecretsManagerClient, secret_id: str, stage: str = "AWSCURRENT") -> bytes:
    """The secret's text as bytes. Raises Unavailable if the store does not give it."""
    try:
        return client.get_secret_value(SecretId=secret_id, VersionStage=stage)["SecretString"].encode()
    except (BotoCoreError, ClientError) as error:
        raise Unavailable.because("secret.unavailable") from error


class RotatedSecret:
    """A secret whose version before the present one still counts, until the next rotation."""

    def __init__(self, client: SecretsManagerClient, secret_id: str, clock: Clock) -> None:
        self._client = client
        self._id = secret_id
        self._clock = clock
        self._read: tuple[datetime, tuple[bytes, ...]] | None = None

    def versions(self) -> Sequence[bytes]:
        """The present version, and the one before it if there is one. Raises Unavailable."""
        now = self._clock.now()
        if self._read is None or now >= self._read[0] + LASTS:
            self._read = (now, (read_secret(self._client, self._id), *self._previous()))
        return self._read[1]

    def forget(self) -> None:
        """Read it anew when it is next asked for: what it opened does not open any more."""
        self._read = None

    def _previous(self) -> tuple[bytes, ...]:
        try:
            return (read_secret(self._client, self._id, "AWSPREVIOUS"),)
        except Unavailable as error:
            cause = error.__cause__
            if isinstance(cause, ClientError) and cause.response["Error"]["Code"] in _ABSENT:
                return ()  # it was never rotated
            raise
