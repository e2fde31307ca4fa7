"""What is written once and kept for years: an S3 bucket with Object Lock in compliance mode.

In compliance mode nobody, the account's root included, can delete or overwrite a locked version before its time. A
later version under the same name would hide it, so writing asks S3 itself to refuse a name that exists.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

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
            oldest = min(found, key=lambda version: version["LastModified"])
            answer = self._client.get_object(Bucket=self._bucket, Key=name, VersionId=oldest["VersionId"])
            return answer["Body"].read()
        except (BotoCoreError, ClientError) as error:
            raise Unavailable.because("anchor.unavailable") from error

    def names(self, prefix: str, after: str) -> Iterable[str]:
        return self._names(prefix, after)

    def _names(self, prefix: str, after: str) -> Iterator[str]:
        marker: str | None = after
        while marker is not None:
            names, marker = self._page(prefix, marker)
            yield from names

    def _page(self, prefix: str, after: str) -> tuple[list[str], str | None]:
        """Names behind ``after``, each once whatever versions and delete markers it has; and where to go on."""
        try:
            page = self._client.list_object_versions(Bucket=self._bucket, Prefix=prefix, KeyMarker=after)
        except (BotoCoreError, ClientError) as error:
            raise Unavailable.because("anchor.unavailable") from error
        names = sorted({version["Key"] for version in page.get("Versions", ()) if version["Key"] > after})
        return names, page["NextKeyMarker"] if page.get("IsTruncated") else None
