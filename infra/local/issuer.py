"""An OIDC issuer on the loopback interface, with the same interface as a real one: discovery and JWKS.

It also mints tokens, which a real issuer does only after a login. Its key is kept under build/, so that a
token printed by one run works in the next.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey

from infra.local.files import write_whole

AUDIENCE = "onewindow"
LIFETIME = timedelta(days=3650)  # long: moving the clock must not log the demo people out


class Issuer:
    """Serves its metadata and signs tokens (ES256). ``port`` 0 takes a free one."""

    def __init__(self, key_file: Path | None, port: int = 0) -> None:
        self._key = _kept_key(key_file)
        handler = type("Handler", (_Handler,), {"issuer": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", port), handler)
        self._server.daemon_threads = True
        self._serving = False
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self.jwks_url = f"{self.url}/jwks"

    def start(self) -> None:
        """Begin to serve, in a thread of its own."""
        self._serving = True
        threading.Thread(target=self._server.serve_forever, daemon=True, name="issuer").start()

    def stop(self) -> None:
        """End serving; harmless when it never began."""
        if self._serving:
            self._server.shutdown()
        self._server.server_close()

    def documents(self) -> dict[str, Any]:
        """What it publishes, by path (OpenID Connect Discovery 1.0, section 3; RFC 7517)."""
        return {
            "/.well-known/openid-configuration": {
                "issuer": self.url,
                "jwks_uri": self.jwks_url,
                "authorization_endpoint": f"{self.url}/authorize",
                "response_types_supported": ["id_token"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["ES256"],
            },
            "/jwks": {"keys": [{**self._key.as_dict(private=False), "use": "sig", "alg": "ES256"}]},
        }

    def mint(
        self,
        subject: str,
        *,
        kind: str,
        name: str = "",
        body: str = "",
        division: str = "",
        roles: Sequence[str] = (),
        lifetime: timedelta = LIFETIME,
        **claims: Any,
    ) -> str:
        """A signed token. Extra ``claims`` override, so that tests can make bad ones."""
        now = datetime.now(UTC)
        payload: dict[str, Any] = {
            "iss": self.url,
            "aud": AUDIENCE,
            "iat": int(now.timestamp()),
            "exp": int((now + lifetime).timestamp()),
            "sub": subject,
            "kind": kind,
            "name": name,
            "body": body,
            "division": division,
            "roles": list(roles),
            **claims,
        }
        given = {key: value for key, value in payload.items() if value not in ("", [], None)}
        return jwt.encode({"alg": "ES256", "kid": str(self._key.kid), "typ": "JWT"}, given, self._key)


class _Handler(BaseHTTPRequestHandler):
    issuer: Issuer

    def do_GET(self) -> None:
        document: Mapping[str, Any] | None = self.issuer.documents().get(self.path)
        body = json.dumps(document or {"error": "not_found"}).encode()
        self.send_response(404 if document is None else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "max-age=300")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the output belongs to the scenario."""


def _kept_key(path: Path | None) -> ECKey:
    if path is not None and path.exists():
        return ECKey.import_key(json.loads(path.read_text()))
    key = ECKey.generate_key("P-256", parameters={"kid": "emulated-1"}, private=True)
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        write_whole(path, json.dumps(key.as_dict(private=True)))
    return key
