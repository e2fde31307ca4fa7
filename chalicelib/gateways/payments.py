"""Online payment: asking the provider whether it received what somebody says they paid.

No source names a provider, so an installation without one takes its fees at the window. What is asked for is the
least that any provider can answer: ``GET <url>?order=<case number>&reference=<their own number>`` gives 200 with
``{"amount": <fen>}``, or 404.
"""

from __future__ import annotations

import json

from chalicelib.domain.errors import Unavailable

TIMEOUT = 5.0
MOST_BYTES = 20_000


class WindowOnly:
    """Implements ``ports.PaymentProvider`` without a provider: nothing is ever received online."""

    def received(self, order: str, reference: str) -> int | None:
        return None


class HttpPayments:
    """Implements ``ports.PaymentProvider`` for the address that the configuration names. Follows no redirect."""

    def __init__(self, url: str) -> None:
        self._url = url

    def received(self, order: str, reference: str) -> int | None:
        """Raises Unavailable ``fee.provider-unavailable`` for anything but a clear answer."""
        import urllib3

        pool = urllib3.PoolManager(num_pools=1, retries=False)
        try:
            answer = pool.request(
                "GET",
                self._url,
                fields={"order": order, "reference": reference},
                headers={"Accept": "application/json"},
                timeout=urllib3.Timeout(total=TIMEOUT),
                redirect=False,
                preload_content=False,
            )
            status, text = answer.status, answer.read(MOST_BYTES)
        except (urllib3.exceptions.HTTPError, ValueError) as error:
            raise Unavailable.because("fee.provider-unavailable") from error
        finally:
            pool.clear()
        if status == 404:
            return None
        amount = _amount(text) if status == 200 else None
        if amount is None:
            raise Unavailable.because("fee.provider-unavailable")
        return amount


def _amount(text: bytes) -> int | None:
    try:
        amount = json.loads(text)["amount"]
    except (ValueError, LookupError, TypeError):
        return None
    return amount if type(amount) is int and amount >= 0 else None
