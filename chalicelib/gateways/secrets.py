"""Secrets from AWS Secrets Manager, read once for each container."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.domain.errors import Unavailable

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient


def read_secret(client: SecretsManagerClient, secret_id: str) -> bytes:
    """The secret's text as bytes. Raises Unavailable if the store does not give it."""
    try:
        return client.get_secret_value(SecretId=secret_id)["SecretString"].encode()
    except (BotoCoreError, ClientError) as error:
        raise Unavailable.because("secret.unavailable") from error
