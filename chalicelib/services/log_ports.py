"""What sealing, verifying and anchoring the log needs from the outside, as Protocols."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Protocol

from chalicelib.domain.actors import ActorKind
from chalicelib.domain.case_events import EventRecord
from chalicelib.domain.cases import Case
from chalicelib.domain.log_chain import Head, StoredEvent, StoredLog

if TYPE_CHECKING:
    from chalicelib.services.ports import Page


class Damaged(Exception):
    """What was sealed is not what stands there now, or not in its place. Never expected, so no DomainError."""


class Vault(Protocol):
    """Seals what is personal, under a data key for each owner (a case, an authority).

    The data key is kept wrapped, beside what it seals: whoever destroys the wrapped key has made all of it
    unreadable for good.
    """

    def create(self, owner: str) -> bytes:
        """A fresh data key for an owner, wrapped."""
        ...

    def seal(self, owner: str, key: bytes, place: str, plain: bytes) -> bytes:
        """Encrypt under the wrapped key. ``place`` says where it will stand, so that it cannot be moved."""
        ...

    def open(self, owner: str, key: bytes, place: str, sealed: bytes) -> bytes:
        """What was sealed for this owner and place. Raises Damaged for anything else."""
        ...


@dataclass(frozen=True, slots=True)
class Access:
    """Somebody read another's data: who, in which office, what, and when. ``case_id``: of which case or visit."""

    case_id: str
    subject: str
    kind: ActorKind
    body: str
    what: str
    at: datetime


class CaseLogs(Protocol):
    """The logs of cases as they are stored, and who has read what."""

    def stored(self, case_id: str) -> StoredLog:
        """Everything stored of a case's log, as it stands; nothing is opened."""
        ...

    def is_own(self, case_id: str, event: StoredEvent) -> bool | None:
        """Whether the event was sealed for this case and number; None when the key was destroyed."""
        ...

    def shard(self, case_id: str) -> int:
        """The shard (0–15) of a case."""
        ...

    def heads(self, day: date, shard: int) -> Iterable[Head]:
        """The cases of a shard (0–15) whose last change was recorded on this day, by id."""
        ...

    def erase(self, case: Case, record: EventRecord) -> None:
        """Destroy the data key of a case and everything that lists its people, and record that it was done.

        Raises Conflict when the case has moved on.
        """
        ...

    def note(self, access: Access, chance: str) -> None:
        """Record an access. ``chance`` tells two of the same moment apart. Raises Unavailable."""
        ...

    def accesses(self, case_id: str, after: str | None, limit: int) -> Page[Access]:
        """Who has read the case, newest first."""
        ...


class AnchorStore(Protocol):
    """Keeps what is written once, outside the table, for years: nobody can change or delete it in time."""

    def put(self, name: str, body: bytes) -> bool:
        """Keep under a name. False if there is something under it already, which stays."""
        ...

    def get(self, name: str) -> bytes | None: ...

    def names(self, prefix: str, after: str) -> Iterable[str]:
        """The names that begin so and sort behind ``after``, in order."""
        ...


class LogPorts(Protocol):
    """All of them that use cases ask for."""

    @property
    def logs(self) -> CaseLogs: ...
    @property
    def anchors(self) -> AnchorStore: ...
