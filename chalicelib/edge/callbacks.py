"""Calls of other systems: verified over the raw bytes, before anything of them is read (domain/webhooks.py)."""

from __future__ import annotations

from chalice.app import Request as GatewayRequest

from chalicelib.domain import webhooks
from chalicelib.domain.errors import Unavailable
from chalicelib.domain.webhooks import Forged, Signed
from chalicelib.edge.problems import Unauthenticated
from chalicelib.observability import logger


def raw_body(event: GatewayRequest) -> bytes:
    """The body as it came. Raises ValueError for a surrogate in the event, or base64 that is none."""
    raw = event.raw_body
    return raw.encode() if isinstance(raw, str) else raw


def verified(event: GatewayRequest, sender: str) -> Signed:
    """The call, if ``sender`` signed it a moment ago. Raises Unauthenticated ``webhook.not-verified``.

    A sender that is not known has no secret, and so looks like one who signs with a wrong one. Whatever goes wrong
    while judging is a refusal too: nobody gets in by a mistake of ours. Only a secret that cannot be read is not the
    caller's fault (Unavailable).
    """
    from chalicelib import wiring

    current = wiring.current()
    try:
        return webhooks.verify(
            sender, event.headers, raw_body(event), current.webhook_secrets(sender), current.clock.now()
        )
    except Unavailable:
        raise
    except Forged as reason:
        logger.info("call_refused", code=str(reason))
    except Exception as failure:
        logger.warning("call_not_judged", code=type(failure).__name__)
    raise Unauthenticated.because("webhook.not-verified")
