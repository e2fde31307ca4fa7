"""Cursors: where a listing goes on, handed to the client as something it can only hand back.

A cursor is ``<position>.<signature>`` in base64url. The signature covers the position and the scope it was
made for (principal, route, filters), so that nobody can go on in somebody else's listing, look into keys
of the table, or carry a position over to another filter. Cursors do not expire.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping

from chalicelib.edge.problems import Malformed

_PURPOSE = b"onewindow cursor v1\n"
_LONGEST = 2048


class Cursors:
    """Seals and opens cursors under one secret."""

    def __init__(self, secret: Callable[[], bytes]) -> None:
        """``secret`` is asked at the first use, so that routes without listings never fetch it."""
        self._secret = secret

    def seal(self, position: str, scope: Mapping[str, str]) -> str:
        """The cursor for a position within a scope."""
        return f"{_encode(position.encode())}.{_encode(self._sign(position, scope))}"

    def open(self, token: str, scope: Mapping[str, str]) -> str:
        """The position inside a cursor.

        Raises Malformed ``request.cursor-invalid`` for one that was changed, or made for another scope.
        """
        try:
            if len(token) > _LONGEST:
                raise ValueError("no cursor is so long")
            position, signature = (_decode(part) for part in token.split("."))
            found = position.decode()
        except ValueError:
            raise _invalid() from None
        if not hmac.compare_digest(signature, self._sign(found, scope)):
            raise _invalid()
        return found

    def _sign(self, position: str, scope: Mapping[str, str]) -> bytes:
        bound = json.dumps([position, sorted(scope.items())]).encode()
        return hmac.new(self._secret(), _PURPOSE + bound, hashlib.sha256).digest()


def _invalid() -> Malformed:
    return Malformed.because("request.cursor-invalid", "/query/cursor")  # type: ignore[return-value]


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    """Strict: one text for each value, so that a cursor has one form only."""
    raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    if _encode(raw) != text:
        raise ValueError("not canonical")
    return raw
