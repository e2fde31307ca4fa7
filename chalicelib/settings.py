"""The one place where the environment is read. Everything else takes ``Settings``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields


class SettingsError(Exception):
    """The environment lacks required variables; the message names all of them."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a deployed function is told. Names in the environment are the same in capitals."""

    stage: str
    region_code: str  # 12-digit home division of the stack
    cases_table: str
    catalog_table: str
    places_table: str
    event_bus: str
    case_routing_arn: str
    seal_key_id: str  # KMS key, ECC_NIST_P256, SIGN_VERIFY
    vault_key_id: str  # KMS key, SYMMETRIC_DEFAULT, wraps the data keys
    cursor_secret_id: str  # Secrets Manager
    oidc_issuer: str
    oidc_audience: str
    oidc_jwks_url: str
    public_base_url: str  # what QR codes point to, no slash at the end
    aws_region: str
    quarantine_bucket: str = ""  # where uploads lie until they are judged
    kept_bucket: str = ""  # where clean ones are kept
    anchor_bucket: str = ""  # where the heads of the logs are kept, under lock
    scanner_url: str = ""  # looks through uploads; may be empty
    sms_url: str = ""  # the provider of text messages; empty: none
    post_url: str = ""  # the provider of letters; empty: none
    payments_url: str = ""  # the provider of online payment; empty: fees are paid at the window
    dynamodb_endpoint: str = ""  # another engine than AWS's own
    s3_public_endpoint: str = ""  # where browsers reach the buckets, if not at AWS's own address
    log_level: str = "INFO"

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Settings:
        """Read and check. Raises SettingsError with every missing name at once.

        Not every function is given every variable: a function that may not use a resource has no
        name for it, so absence is an error only where ``require`` asks.
        """
        values = {f.name: environ.get(f.name.upper(), "") for f in fields(cls)}
        values["log_level"] = values["log_level"] or "INFO"
        return cls(**values)

    def require(self, *names: str) -> None:
        """Raise SettingsError unless all of these have a value."""
        missing = [name.upper() for name in names if not getattr(self, name)]
        if missing:
            raise SettingsError(f"missing in the environment: {', '.join(missing)}")
