"""S3 as a browser meets it, on the loopback interface: posted forms and presigned addresses, nothing else.

moto answers the product's own clients inside this process and takes any form from anybody; here a form is judged as S3
judges it, then the file is put into moto's bucket. It also answers as a scanner (``/scanner``), one that knows the
EICAR test file and nothing else.
"""

from __future__ import annotations

import json
import os
import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from botocore.exceptions import ClientError

from infra.local import emulator, post_policies

MOST_BYTES = 32 * 1024 * 1024
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


class ObjectsServer:
    """``port`` 0 takes a free one."""

    def __init__(self, port: int = 0) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", port), _Handler)
        self._server.daemon_threads = True
        self._serving = False
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self.scanner_url = f"{self.url}/scanner"

    def start(self) -> None:
        """Begin to serve, in a thread of its own."""
        self._serving = True
        threading.Thread(target=self._server.serve_forever, daemon=True, name="objects").start()

    def stop(self) -> None:
        """End serving; harmless when it never began."""
        if self._serving:
            self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        if length > MOST_BYTES:
            self.close_connection = True
            return self._refuse(413, "EntityTooLarge", "larger than anything that is taken here")
        body = self.rfile.read(length)
        path = unquote(urlsplit(self.path).path)
        if path == "/scanner":
            verdict = json.dumps({"infected": EICAR in body}).encode()
            return self._answer(200, {"Content-Type": "application/json"}, verdict)
        try:
            fields, content = form_of(self.headers.get("Content-Type", ""), body)
            policy = post_policies.policy_of(fields)
        except ValueError as error:
            return self._refuse(400, "MalformedPOSTRequest", str(error))
        bucket = path.strip("/")
        if not post_policies.signature_holds(fields, _secret()):
            return self._refuse(403, "SignatureDoesNotMatch", "the policy was signed by nobody known")
        refused = post_policies.refusals(policy, bucket, fields, content, datetime.now(UTC))
        if refused:
            return self._refuse(403, "AccessDenied", "; ".join(refused))
        given = {name.lower(): value for name, value in fields.items()}
        emulator.client("s3").put_object(
            Bucket=bucket, Key=given["key"], Body=content, ContentType=given["content-type"]
        )
        return self._answer(int(given.get("success_action_status", "204")), {}, b"")

    def do_GET(self) -> None:
        place = urlsplit(self.path)
        query = dict(parse_qsl(place.query, keep_blank_values=True))
        host = self.headers.get("Host", "")
        if not post_policies.query_holds(place.path, query, host, _secret(), datetime.now(UTC)):
            return self._refuse(403, "AccessDenied", "not signed, or expired")
        bucket, _, key = unquote(place.path).strip("/").partition("/")
        try:
            found = emulator.client("s3").get_object(Bucket=bucket, Key=key)
        except ClientError as error:
            return self._refuse(404, str(error.response["Error"]["Code"]), "there is no such file")
        headers = {
            "Content-Type": query.get("response-content-type", found["ContentType"]),
            "Content-Disposition": query.get("response-content-disposition", "attachment"),
            "Cache-Control": query.get("response-cache-control", "no-store"),
            "X-Content-Type-Options": "nosniff",
        }
        return self._answer(200, headers, found["Body"].read())

    def _refuse(self, status: int, code: str, message: str) -> None:
        text = f"<Error><Code>{code}</Code><Message>{message.replace('<', '&lt;')}</Message></Error>"
        self._answer(status, {"Content-Type": "application/xml"}, text.encode())

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body)), "Access-Control-Allow-Origin": "*"}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the output belongs to the scenario."""


def form_of(content_type: str, body: bytes) -> tuple[dict[str, str], bytes]:
    """Fields and file of a multipart form (RFC 7578); the file comes last. Raises ValueError."""
    kind, _, parameters = content_type.partition(";")
    boundary = dict(p.strip().partition("=")[::2] for p in parameters.split(";")).get("boundary", "").strip('"')
    if kind.strip() != "multipart/form-data" or not boundary:
        raise ValueError("not a form")
    fields: dict[str, str] = {}
    for part in (b"\r\n" + body).split(f"\r\n--{boundary}".encode())[1:]:
        head, blank, value = part.partition(b"\r\n\r\n")
        if not blank:
            continue
        named = [p.strip() for p in head.decode().split(";")]
        name = next((p.split('"')[1] for p in named if p.startswith('name="')), "")
        if name == "file":
            return fields, value
        fields[name] = value.decode()
    raise ValueError("the form has no file")


def _secret() -> str:
    return os.environ["AWS_SECRET_ACCESS_KEY"]
