"""Failures of the store in the domain's words: what was not answered is Unavailable, never a mistake of ours."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ConnectionClosedError, EndpointConnectionError, ReadTimeoutError
from pynamodb.exceptions import DeleteError, TransactWriteError

from chalicelib.domain.errors import Unavailable
from chalicelib.storage.transactions import Change, is_condition_failure

SILENT = [
    pytest.param(kind(endpoint_url="https://dynamodb.test"), id=kind.__name__)
    for kind in (ReadTimeoutError, ConnectionClosedError, EndpointConnectionError)
]


@pytest.mark.parametrize("cause", SILENT)
def test_a_transaction_without_an_answer_is_unavailable(cause: Exception) -> None:
    class Silent:
        def transact_write_items(self, **asked: Any) -> None:
            raise TransactWriteError("no answer", cause)

    with pytest.raises(Unavailable, match=r"store\.unavailable"):
        Change(Silent()).commit()  # type: ignore[arg-type]


@pytest.mark.parametrize("cause", SILENT)
def test_a_write_without_an_answer_was_not_refused_by_its_condition(cause: Exception) -> None:
    assert not is_condition_failure(DeleteError("no answer", cause))
