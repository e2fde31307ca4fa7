"""Handing one message to a provider over HTTP, with the habits of every outbound call.

One POST with a time limit, no redirect followed, the same ``Idempotency-Key`` whenever it is tried again, and little
read of what comes back. 408, 429 and 5xx may get better; any other refusal does not.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress

from chalicelib.domain.errors import Unavailable
from chalicelib.domain.webhooks import secret_of
from chalicelib.gateways.secrets import RotatedSecret
from chalicelib.services.message_ports import Sent, Undeliverable

TIMEOUT = 5.0
MOST_BYTES = 20_000
_OK = range(200, 300)
_NOT_LET_IN = frozenset({401, 403})
_PASSING = frozenset({408, 425, 429})


class Credentials:
    """What a provider and we know each other by: ``{"token", "callback_secret"}`` in one secret.

    ``token`` goes out with every message, ``callback_secret`` (``whsec_…``) signs what the provider tells later.
    Neither is ever part of an error or a log line.
    """

    def __init__(self, secret: RotatedSecret) -> None:
        self._secret = secret

    def token(self) -> str:
        """The token in force; empty while none was entered. Raises Unavailable."""
        return str(_entries(self._secret.versions()[0]).get("token", ""))

    def renewed(self, refused: str) -> str:
        """The token as it is stored now, if it is another than the refused one; else empty."""
        self._secret.forget()
        token = self.token()
        return "" if token == refused else token

    def callback_secrets(self) -> Sequence[bytes]:
        """The keys that sign calls, the one before a rotation with them; none for what is no such secret."""
        found = []
        for version in self._secret.versions():
            with suppress(ValueError):
                found.append(secret_of(str(_entries(version).get("callback_secret", ""))))
        return found


def _entries(version: bytes) -> Mapping[str, object]:
    try:
        entries = json.loads(version)
    except ValueError:
        return {}
    return entries if isinstance(entries, dict) else {}


def hand_over(url: str, body: Mapping[str, object], key: str, credentials: Credentials) -> Sent:
    """Post JSON; the answer is ``{"reference": "…", "arrived": true}``.

    Raises Unavailable ``message.provider-unavailable`` when trying again may help, Undeliverable when it will not. A
    token that is refused is read anew, once: it may have been rotated. That we are refused is no fault of the contact.
    Nothing of the body is ever part of an error: it holds numbers and addresses.
    """
    if not url:
        raise Undeliverable("no provider is configured")
    token = credentials.token()
    status, text = _posted(url, body, key, token)
    if status in _NOT_LET_IN and (newer := credentials.renewed(token)):
        status, text = _posted(url, body, key, newer)
    if status in _OK:
        return _sent(text)
    if status in _PASSING or status in _NOT_LET_IN or status >= 500 or status < 400:
        raise _unavailable()
    raise Undeliverable(f"the provider answered {status}")


def _posted(url: str, body: Mapping[str, object], key: str, token: str) -> tuple[int, bytes]:
    """Status and the beginning of the answer. Raises Unavailable when there is none."""
    import urllib3

    if not token:
        raise _unavailable()
    sent = {
        "Content-Type": "application/json",
        "Accept": "application/json",
        "Authorization": f"Bearer {token}",
        "Idempotency-Key": key,
    }
    pool = urllib3.PoolManager(num_pools=1, retries=False)
    try:
        answer = pool.request(
            "POST",
            url,
            body=json.dumps(body, ensure_ascii=False).encode(),
            headers=sent,
            timeout=urllib3.Timeout(total=TIMEOUT),
            redirect=False,
            preload_content=False,
        )
        return answer.status, answer.read(MOST_BYTES)
    except (urllib3.exceptions.HTTPError, ValueError):
        raise _unavailable() from None
    finally:
        pool.clear()


def _sent(text: bytes) -> Sent:
    try:
        answer = json.loads(text)
        return Sent(str(answer["reference"])[:128], answer.get("arrived") is True)
    except (ValueError, LookupError, TypeError, AttributeError):
        # It was taken, that much is sure: sending it again would only tell the person twice.
        return Sent("", False)


def _unavailable() -> Unavailable:
    return Unavailable.because("message.provider-unavailable")  # type: ignore[return-value]
