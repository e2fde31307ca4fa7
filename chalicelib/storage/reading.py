"""Reading from DynamoDB: failures in the domain's words, and pages of the ``listing`` index."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from pynamodb.exceptions import PynamoDBException

from chalicelib.domain.errors import Unavailable
from chalicelib.storage.tables import Row

P = ParamSpec("P")
R = TypeVar("R")


def reading(method: Callable[P, R]) -> Callable[P, R]:
    """Turn whatever the store could not answer into Unavailable."""

    @functools.wraps(method)
    def read(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return method(*args, **kwargs)
        except PynamoDBException as error:
            raise Unavailable.because("store.unavailable") from error

    return read


def page(listing: str, after: str | None, limit: int, *, newest_first: bool) -> tuple[list[Row], str | None]:
    """Rows of a list behind ``after`` (a sort key), and the sort key to go on from, None at the end."""
    condition = None
    if after is not None:
        condition = Row.lsk < after if newest_first else Row.lsk > after
    found = Row.listing.query(listing, condition, scan_index_forward=not newest_first, limit=limit + 1)
    rows = list(found)
    return rows[:limit], rows[limit - 1].lsk if len(rows) > limit else None
