"""What every table has in common: how its client behaves, and how it gets its name at start."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.config import Config

if TYPE_CHECKING:
    from pynamodb.connection import Connection
    from pynamodb.models import Model


NAME = "OneWindow"
"""How requests to DynamoDB name this program."""


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
    opened: Connection = connection.connection
    # Left to itself, botocore puts its long name together for every request: a tenth of what a call costs here.
    # PynamoDB keeps a session for each thread, so the client is made in this one.
    opened.session.set_default_client_config(Config(user_agent=NAME))
    _ = opened.client
    return opened
