"""What every table has in common: how its client behaves, and how it gets its name at start."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pynamodb.connection import Connection
    from pynamodb.models import Model


class TableSettings:
    """Base of the ``Meta`` of a table's base row; PynamoDB reads these by name."""

    table_name = "unbound"
    region = "unbound"
    host: str | None = None
    # API Gateway gives up after 29 s; a call that hangs must fail long before (and be retried).
    connect_timeout_seconds = 2
    read_timeout_seconds = 5
    max_retry_attempts = 3
    billing_mode = "PAY_PER_REQUEST"


def bound(base: type[Model], table: str, region: str, host: str | None) -> Connection:
    """Name the table for a base row and all rows under it, and open the one client they share."""
    meta: Any = base.Meta
    meta.table_name = table
    meta.region = region
    meta.host = host
    base._connection = None
    connection: Any = base._get_connection()
    return connection.connection  # type: ignore[no-any-return]
