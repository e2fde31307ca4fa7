"""Identifiers from the machine's randomness."""

import secrets
from datetime import datetime

from ulid import ULID


class UlidIds:
    """Implements ``ports.Ids`` with ULIDs: 48 bits of time, 80 bits of randomness, 26 characters."""

    def new(self, at: datetime) -> str:
        return str(ULID.from_datetime(at))

    def secret(self, alphabet: str, length: int) -> str:
        return "".join(secrets.choice(alphabet) for _ in range(length))
