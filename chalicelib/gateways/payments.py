"""Online payment. No provider is named by any source, so the product takes fees at the window until one is wired."""

from __future__ import annotations


class WindowOnly:
    """Implements ``ports.PaymentProvider`` without a provider: nothing is ever received online."""

    def received(self, order: str, reference: str) -> int | None:
        return None
