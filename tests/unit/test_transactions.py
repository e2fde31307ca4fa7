"""A transaction whose answer never came."""

from __future__ import annotations

import pytest
from botocore.exceptions import ReadTimeoutError
from pynamodb.connection import Connection
from pynamodb.exceptions import PutError, TransactWriteError

from chalicelib.domain.errors import Unavailable
from chalicelib.storage import transactions
from chalicelib.storage.transactions import Change, is_condition_failure

TIMEOUT = ReadTimeoutError(endpoint_url="http://dynamodb.test")


class Silent:
    """A transaction that is sent and not answered in time."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def __enter__(self) -> Silent:
        return self

    def __exit__(self, *_: object) -> None:
        raise TransactWriteError("Failed to write transaction items", TIMEOUT)


def test_a_commit_that_was_not_answered_in_time_is_unavailable_and_no_failure_of_ours(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(transactions, "TransactWrite", Silent)
    with pytest.raises(Unavailable) as refused:
        Change(Connection()).commit()
    assert refused.value.code == "store.unavailable"


def test_a_write_that_was_not_answered_in_time_was_not_refused_by_its_condition() -> None:
    assert not is_condition_failure(PutError("Failed to put item", TIMEOUT))
