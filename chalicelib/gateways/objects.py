"""The files of uploads in Amazon S3: a bucket for quarantine, a bucket for what was found clean.

A browser posts a file by a form whose policy S3 enforces (POST policy, AWS SigV4): one key, one content type, exactly
the announced size and checksum, five minutes. S3 knows no If-None-Match for posted forms; since the checksum is fixed a
second post can only put the same bytes there. What is kept is written once (If-None-Match), from the bytes that were
judged, never copied from a place where they might have changed since.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.domain.errors import Unavailable
from chalicelib.domain.uploads import FORM_LIFE, Upload
from chalicelib.services.upload_ports import Link, PostForm

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_SECONDS = int(FORM_LIFE.total_seconds())
_GONE = frozenset({"NoSuchKey", "404"})


def s3_client(region: str, endpoint: str = "") -> S3Client:
    """A client that signs with SigV4, as POST policies with checksums need it."""
    import boto3
    from botocore.config import Config

    # Another endpoint is a stand-in that has no host name for each bucket.
    style: Literal["path", "virtual"] = "path" if endpoint else "virtual"
    config = Config(
        signature_version="s3v4",
        s3={"addressing_style": style},
        connect_timeout=2,
        read_timeout=5,
        retries={"mode": "standard", "total_max_attempts": 3},
    )
    make: Any = boto3.client  # its overloads want a literal
    client: S3Client = make("s3", region_name=region, endpoint_url=endpoint or None, config=config)
    return client


class S3Objects:
    """Implements ``upload_ports.Objects``. ``public`` only signs what browsers will send."""

    def __init__(self, client: S3Client, public: S3Client, quarantine: str, kept: str) -> None:
        self._client = client
        self._public = public
        self._quarantine = quarantine
        self._kept = kept

    def form(self, upload: Upload) -> PostForm:
        checksum = base64.b64encode(bytes.fromhex(upload.sha256)).decode()
        fields = {
            "Content-Type": str(upload.media_type),
            "x-amz-checksum-algorithm": "SHA256",
            "x-amz-checksum-sha256": checksum,
            "success_action_status": "201",
        }
        signed = self._public.generate_presigned_post(
            Bucket=self._quarantine,
            Key=upload.object_key,
            Fields=dict(fields),
            Conditions=[
                *({name: value} for name, value in fields.items()),
                ["content-length-range", upload.size, upload.size],
            ],
            ExpiresIn=_SECONDS,
        )
        return PostForm(signed["url"], signed["fields"], _SECONDS)

    def received(self, upload: Upload) -> bytes | None:
        try:
            found = self._client.get_object(Bucket=self._quarantine, Key=upload.object_key)
            with found["Body"] as body:
                return body.read(upload.size + 1)
        except ClientError as error:
            if error.response["Error"]["Code"] in _GONE:
                return None
            raise Unavailable.because("objects.unavailable") from error
        except BotoCoreError as error:
            raise Unavailable.because("objects.unavailable") from error

    def keep(self, upload: Upload, content: bytes) -> None:
        checksum = base64.b64encode(bytes.fromhex(upload.sha256)).decode()
        try:
            self._client.put_object(
                Bucket=self._kept,
                Key=upload.object_key,
                Body=content,
                ContentType=str(upload.media_type),
                ChecksumSHA256=checksum,
                IfNoneMatch="*",
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "PreconditionFailed":
                raise Unavailable.because("objects.unavailable") from error
            # A check that was cut short has kept it already: the key is used for these bytes alone.
        except BotoCoreError as error:
            raise Unavailable.because("objects.unavailable") from error

    def link(self, upload: Upload) -> Link:
        url = self._public.generate_presigned_url(
            "get_object",
            Params={
                "Bucket": self._kept,
                "Key": upload.object_key,
                # Never shown in place: whatever a browser might make of the content, it is only ever saved.
                "ResponseContentDisposition": f"attachment; filename*=UTF-8''{quote(upload.name, safe='')}",
                "ResponseContentType": str(upload.media_type),
                "ResponseCacheControl": "no-store",
            },
            ExpiresIn=_SECONDS,
        )
        return Link(url, _SECONDS)

    def clear(self, upload: Upload) -> None:
        self._delete(self._quarantine, upload)

    def remove(self, upload: Upload) -> None:
        self._delete(self._quarantine, upload)
        self._delete(self._kept, upload)

    def _delete(self, bucket: str, upload: Upload) -> None:
        try:
            self._client.delete_object(Bucket=bucket, Key=upload.object_key)
        except (BotoCoreError, ClientError) as error:
            raise Unavailable.because("objects.unavailable") from error
