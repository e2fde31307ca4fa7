"""Asking the payment provider: only a clear answer counts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chalicelib.domain.errors import Unavailable
from chalicelib.gateways.payments import HttpPayments, WindowOnly
from infra.local.payments import PaymentReceiver


@pytest.fixture
def provider() -> Iterator[PaymentReceiver]:
    receiver = PaymentReceiver()
    receiver.start()
    yield receiver
    receiver.stop()


def test_what_was_paid_for_this_order_under_this_reference_is_known_and_nothing_else(provider: PaymentReceiver) -> None:
    payments = HttpPayments(provider.url)
    provider.pay("N 1&2", "R1", 20_000)
    assert payments.received("N 1&2", "R1") == 20_000
    assert payments.received("N 1&2", "R2") is None
    assert payments.received("other", "R1") is None


@pytest.mark.parametrize("status", [302, 400, 500, 503])
def test_whatever_is_no_clear_answer_is_none_at_all(provider: PaymentReceiver, status: int) -> None:
    provider.status = status
    with pytest.raises(Unavailable, match=r"fee\.provider-unavailable"):
        HttpPayments(provider.url).received("N", "R")


@pytest.mark.parametrize("amount", ["20000", -1, True, 2.5])
def test_an_amount_that_is_no_number_of_fen_is_no_answer(provider: PaymentReceiver, amount: object) -> None:
    provider.pay("N", "R", amount)  # type: ignore[arg-type]
    with pytest.raises(Unavailable):
        HttpPayments(provider.url).received("N", "R")


def test_a_provider_that_is_not_there_does_not_answer(provider: PaymentReceiver) -> None:
    address = provider.url
    provider.stop()
    with pytest.raises(Unavailable):
        HttpPayments(address).received("N", "R")


def test_without_a_provider_nothing_is_received_online() -> None:
    assert WindowOnly().received("N", "R") is None
