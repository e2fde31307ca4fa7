"""Handing one message to a provider over HTTP, with the habits of every outbound call.

One POST with a time limit, no redirect followed, the same ``Idempotency-Key`` whenever it is tried again, and little
read of what comes back. 408, 429 and 5xx may get better; any other refusal does not.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from chalicelib.domain.errors import Unavailable
from chalicelib.services.message_ports import Sent, Undeliverable

TIMEOUT = 5.0
MOST_BYTES = 20_000
_OK = range(200, 300)
_PASSING = frozenset({408, 425, 429})


def hand_over(url: str, body: Mapping[str, object], key: str) -> Sent:
    """Post JSON; the answer is ``{"reference": "…", "arrived": true}``.

    Raises Unavailable ``message.provider-unavailable`` when trying again may help, Undeliverable when it will not.
    Nothing of the body is ever part of an error: it holds numbers and addresses.
    """
    import urllib3

    if not url:
        raise Undeliverable("no provider is configured")
    pool = urllib3.PoolManager(num_pools=1, retries=False)
    try:
        answer = pool.request(
            "POST",
            url,
            body=json.dumps(body, ensure_ascii=False).encode(),
            headers={"Content-Type": "application/json", "Accept": "application/json", "Idempotency-Key": key},
            timeout=urllib3.Timeout(total=TIMEOUT),
            redirect=False,
            preload_content=False,
        )
        status, text = answer.status, answer.read(MOST_BYTES)
    except (urllib3.exceptions.HTTPError, ValueError):
        raise _unavailable() from None
    finally:
        pool.clear()
    if status in _OK:
        return _sent(text)
    if status in _PASSING or status >= 500 or status < 400:
        raise _unavailable()
    raise Undeliverable(f"the provider answered {status}")


def _sent(text: bytes) -> Sent:
    try:
        answer = json.loads(text)
        return Sent(str(answer["reference"])[:128], answer.get("arrived") is True)
    except (ValueError, LookupError, TypeError, AttributeError):
        # It was taken, that much is sure: sending it again would only tell the person twice.
        return Sent("", False)


def _unavailable() -> Unavailable:
    return Unavailable.because("message.provider-unavailable")  # type: ignore[return-value]
