"""The process environment of the emulated cloud. ``prepare`` runs before the first AWS client is made."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"

REGION = "cn-north-1"
PARTITION = "aws-cn"
ACCOUNT = "123456789012"  # the only account moto knows


def prepare() -> None:
    """Point every AWS client of this process at nothing but fakes.

    Real credentials and profiles of the machine are hidden, so that a mistake in the emulated cloud can
    never reach an account. Calling it twice is harmless.
    """
    for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL"):
        os.environ.pop(name, None)
    os.environ.update(
        AWS_ACCESS_KEY_ID="emulated",
        AWS_SECRET_ACCESS_KEY="emulated",
        AWS_CONFIG_FILE=os.devnull,
        AWS_SHARED_CREDENTIALS_FILE=os.devnull,
        AWS_EC2_METADATA_DISABLED="true",
        AWS_REGION=REGION,
        AWS_DEFAULT_REGION=REGION,
        # Without it botocore puts the account into DynamoDB's host name, which moto answers with 404.
        AWS_ACCOUNT_ID_ENDPOINT_MODE="disabled",
        # X-Ray and Powertools look for these; there is nobody to send traces to.
        POWERTOOLS_TRACE_DISABLED="true",
        POWERTOOLS_METRICS_NAMESPACE="OneWindow",
    )
