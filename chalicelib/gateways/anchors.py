"""What is written once and kept for years: an S3 bucket with Object Lock in compliance mode.

In compliance mode nobody, the account's root included, can delete or overwrite a locked version before its time. A
later version under the same name would hide it, so writing asks S3 itself to refuse a name that exists.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.domain.errors import Unavailable
from chalicelib.services.ports import Clock

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

KEPT = timedelta(days=10 * 366)
"""At least ten years: longer than the files of most licences must be kept."""

_TAKEN = {"PreconditionFailed", "ConditionalRequestConflict"}


class S3Anchors:
    """Implements ``log_ports.AnchorStore``."""

    def __init__(self, client: S3Client, bucket: str, clock: Clock) -> None:
        self._client = client
        self._bucket = bucket
        self._clock = clock

    def put(self, name: str, body: bytes) -> bool:
        try:
            self._client.put_object(
                Bucket=self._bucket,
                Key=name,
                Body=body,
                ContentType="application/json",
                IfNoneMatch="*",
                ObjectLockMode="COMPLIANCE",
                ObjectLockRetainUntilDate=self._clock.now() + KEPT,
            )
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in _TAKEN:
                return False
            raise Unavailable.because("anchor.unavailable") from error
        except BotoCoreError as error:
            raise Unavailable.because("anchor.unavailable") from error
        return True

    def get(self, name: str) -> bytes | None:
        # The oldest version is the one that was locked first: a later one under the same name hides nothing.
        try:
            versions = self._client.list_object_versions(Bucket=self._bucket, Prefix=name)
            found = [v for v in versions.get("Versions", ()) if v["Key"] == name]
            if not found:
                return None
            # Moments are told to the second; of two in one second S3 lists the newer first.
            oldest = min(reversed(found), key=lambda version: version["LastModified"])
            answer = self._client.get_object(Bucket=self._bucket, Key=name, VersionId=oldest["VersionId"])
            return answer["Body"].read()
        except (BotoCoreError, ClientError) as error:
            raise Unavailable.because("anchor.unavailable") from error

    def names(self, prefix: str, after: str) -> Iterable[str]:
        # Versions, not objects: a delete marker would take a name off the list of objects. From the beginning, since
        # there is one manifest a day: a thousand of them make a page.
        names: set[str] = set()
        marker: Any = {}
        try:
            while True:
                page = self._client.list_object_versions(Bucket=self._bucket, Prefix=prefix, **marker)
                names.update(version["Key"] for version in page.get("Versions", ()))
                if not page.get("IsTruncated"):
                    return sorted(name for name in names if name > after)
                marker = {"KeyMarker": page["NextKeyMarker"], "VersionIdMarker": page.get("NextVersionIdMarker", "")}
        except (BotoCoreError, ClientError) as error:
            raise Unavailable.because("anchor.unavailable") from error
