"""What is personal in a row is stored sealed, under a data key of its owner that stands in a row of its own.

A stored text begins with one byte: ``SEALED`` before what the vault made, ``PLAIN`` before JSON that says nothing
about anybody (that a case was erased, for one). The hash chain of a log covers these bytes as they are stored.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from threading import Lock
from typing import TypeVar

from pynamodb.exceptions import DoesNotExist

from chalicelib.services.log_ports import Damaged, Vault
from chalicelib.storage import tables as t

R = TypeVar("R", bound=t.Row)

PLAIN, SEALED = b"\x00", b"\x01"

KEPT = 2_000
"""How many wrapped keys a container keeps, so that a warm case costs no read of its key."""


def plain(text: str) -> bytes:
    """A text that needs no seal, as stored."""
    return PLAIN + text.encode()


@dataclass(frozen=True, slots=True)
class Key:
    """The data key of an owner, wrapped; it seals and opens."""

    owner: str
    wrapped: bytes
    vault: Vault

    def seal(self, place: str, text: str) -> bytes:
        """The text as stored at a place of its owner."""
        return SEALED + self.vault.seal(self.owner, self.wrapped, place, text.encode())

    def open(self, place: str, stored: bytes) -> str:
        """What is stored at a place. Raises Damaged if it was not sealed for that place.

        Nothing plain is taken either: as long as there is a key, whoever lacks it can write nothing that is read.
        """
        if stored[:1] != SEALED:
            raise Damaged(f"{place} of {self.owner} is not in a form that is known")
        return self.vault.open(self.owner, self.wrapped, place, stored[1:]).decode()

    @property
    def row(self) -> t.KeyRow:
        """How it is stored."""
        return t.KeyRow(f"key#{self.owner}", "key", wrapped=self.wrapped)


class Safe:
    """Finds and makes data keys. One for each container, shared by the repositories.

    ``vault`` is asked for when something personal is first read or written: a function that only looks at the
    outbox has none.
    """

    def __init__(self, vault: Callable[[], Vault]) -> None:
        self._make_vault = vault
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._lock = Lock()

    def new(self, owner: str) -> Key:
        """A fresh key. Its row belongs in the transaction that writes the first thing that it seals."""
        vault = self._make_vault()
        return Key(owner, vault.create(owner), vault)

    def key(self, owner: str) -> Key | None:
        """The key of an owner; None if it was destroyed, or never made."""
        return self.keys([owner]).get(owner)

    def keys(self, owners: Iterable[str]) -> Mapping[str, Key]:
        """The keys of several owners, those that there are, with one read for all that are not at hand."""
        vault = self._make_vault()
        wanted = list(dict.fromkeys(owners))
        with self._lock:
            found = {owner: self._kept[owner] for owner in wanted if owner in self._kept}
        missing = [owner for owner in wanted if owner not in found]
        if len(missing) == 1:
            rows = _one(missing[0])
        else:
            rows = list(t.KeyRow.batch_get([(f"key#{owner}", "key") for owner in missing], consistent_read=True))
        for row in rows:
            owner = row.pk.removeprefix("key#")
            found[owner] = row.wrapped
            self.keep(Key(owner, row.wrapped, vault))
        return {owner: Key(owner, wrapped, vault) for owner, wrapped in found.items()}

    def row_and_key(self, model: type[R], pk: str, sk: str, owner: str) -> tuple[R | None, Key | None]:
        """A row and the key of its owner as they are now: one read, whether the key is at hand or not."""
        with self._lock:
            wrapped = self._kept.get(owner)
        if wrapped is not None:
            with suppress(DoesNotExist):
                return model.get(pk, sk, consistent_read=True), Key(owner, wrapped, self._make_vault())
            return None, None
        rows = list(t.Row.batch_get([(pk, sk), (f"key#{owner}", "key")], consistent_read=True))
        row = next((found for found in rows if isinstance(found, model)), None)
        stored = next((found for found in rows if isinstance(found, t.KeyRow)), None)
        if stored is None:
            return row, None
        key = Key(owner, stored.wrapped, self._make_vault())
        self.keep(key)
        return row, key

    def keep(self, key: Key) -> None:
        """Remember a key that is stored."""
        with self._lock:
            self._kept[key.owner] = key.wrapped
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)

    def forget(self, owner: str) -> None:
        """Remember it no longer."""
        with self._lock:
            self._kept.pop(owner, None)


def _one(owner: str) -> list[t.KeyRow]:
    with suppress(DoesNotExist):
        return [t.KeyRow.get(f"key#{owner}", "key", consistent_read=True)]
    return []
