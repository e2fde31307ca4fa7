"""What the use cases need from the outside, as Protocols. ``wiring`` chooses who serves them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

from chalicelib.domain.authorities import Authority
from chalicelib.domain.calendar import Calendar
from chalicelib.domain.case_events import EventRecord
from chalicelib.domain.cases import Case
from chalicelib.domain.catalog import Body, ImplementationItem, ImplementationStandard
from chalicelib.domain.catalog_publication import ReleaseHead
from chalicelib.domain.catalog_search import SearchIndex
from chalicelib.domain.certificates import Certificate
from chalicelib.domain.credit import CreditFile
from chalicelib.domain.divisions import Division
from chalicelib.domain.documents import Entry
from chalicelib.domain.errors import Violation
from chalicelib.domain.mandates import Mandate
from chalicelib.services.commitment_ports import CommitmentPorts
from chalicelib.services.credit_ports import CreditPorts
from chalicelib.services.log_ports import LogPorts
from chalicelib.services.outage_ports import OutagePorts
from chalicelib.services.schedule_ports import SchedulePorts
from chalicelib.services.seal_ports import SealPorts
from chalicelib.services.upload_ports import UploadPorts
from chalicelib.services.window_ports import EnquiryRepository as EnquiryRepository
from chalicelib.services.window_ports import MandateRepository as MandateRepository
from chalicelib.services.workflow_ports import TaskToken as TaskToken
from chalicelib.services.workflow_ports import WorkflowPorts
from chalicelib.services.workflow_ports import Workflows as Workflows

T = TypeVar("T")


class Clock(Protocol):
    """The only source of the present moment. Always an aware UTC datetime."""

    def now(self) -> datetime: ...


class Ids(Protocol):
    """The only source of identifiers and randomness."""

    def new(self, at: datetime) -> str:
        """A fresh id of 26 characters that sorts by time (ULID)."""
        ...

    def secret(self, alphabet: str, length: int) -> str:
        """That many characters of the alphabet, each drawn for itself, which nobody can foretell."""
        ...


class Divisions(Protocol):
    """The administrative divisions of the region."""

    def get(self, code: str) -> Division | None:
        """The division with this 12-digit code; None if there is none."""
        ...


class Forms(Protocol):
    """Judges data by a JSON Schema 2020-12."""

    def violations(self, schema: Mapping[str, Any], data: object, pointer: str = "") -> tuple[Violation, ...]:
        """Every violation, each with its JSON pointer below ``pointer``."""
        ...

    def of_format(
        self, schema: Mapping[str, Any], data: object, name: str, pointer: str = ""
    ) -> Iterable[tuple[str, str]]:
        """Every text of which the schema asks this format, with its JSON pointer below ``pointer``."""
        ...


class Catalog(Protocol):
    """The read side of the catalogue that cases need."""

    def offer(self, basic_code: str, division: str) -> ImplementationItem | None:
        """The version in force of an item for applicants of ``division``; None if it is not offered there."""
        ...

    def version(self, code: str, version: int) -> ImplementationItem | None:
        """One version of an implementation item by its 31-character code, whether in force or not."""
        ...

    def body(self, body_id: str) -> Body | None: ...

    def body_of(self, department: str, division: str) -> Body | None:
        """The body of a department in exactly this division; None if there is none."""
        ...

    def outlet_of(self, division: str) -> Body | None:
        """The township service centre (便民服务中心) responsible for a village or township."""
        ...


class PublishedCatalog(Catalog, Protocol):
    """The catalogue as everybody may read it: search, guides, lists."""

    def release(self) -> ReleaseHead | None:
        """The release in force; None before the first."""
        ...

    def standard(self, basic_code: str, version: int | None = None) -> ImplementationStandard | None:
        """A standard: the version in force, or the one named."""
        ...

    def competent_body(self, standard: ImplementationStandard, division: str) -> Body | None:
        """The body that decides for applicants of a place; None if it has none."""
        ...

    def index(self) -> SearchIndex:
        """The summaries of the release in force, searchable."""
        ...


@dataclass(frozen=True, slots=True)
class RequestKey:
    """An Idempotency-Key in its scope (principal and route) and the hash of the request's content."""

    scope: str  # sha256 hex over principal, route and key
    content: str  # sha256 hex over the canonical body (RFC 8785)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a command answers, and what a repeated request gets again, exactly.

    ``result`` holds only short, impersonal values (numbers and codes given by the command).
    """

    kind: str  # case | authority | upload …
    id: str
    version: int
    events: tuple[int, ...]
    result: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class StoredReceipt:
    """A receipt together with the content hash of the request that earned it."""

    content: str
    receipt: Receipt


@dataclass(frozen=True, slots=True)
class TaskSummary:
    """A worklist row."""

    case_id: str
    task: int
    role: str
    body: str
    opened_at: datetime
    assignee: str
    item_name: str
    number: str  # case number, or receipt number before acceptance


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a listing. ``next`` is the position to go on from, None at the end."""

    items: Sequence[T]
    next: str | None


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """One committed command's events, not yet known to be on the bus.

    ``types`` maps event number to event type for every event of the commit.
    """

    key: str  # opaque key by which the store deletes the row
    case_id: str
    types: tuple[tuple[int, str], ...]
    recorded_at: datetime


SHARDS = range(16)
"""Outbox and timers are spread over this many partitions by a hash of the case."""


class CaseRepository(Protocol):
    """Cases, their log, tasks, tokens, outbox and receipts: one table, one transaction for each change."""

    def get(self, case_id: str) -> Case | None:
        """The case as last committed (strongly consistent)."""
        ...

    def commit(
        self,
        case: Case,
        events: Sequence[EventRecord],
        *,
        expected_version: int,
        key: RequestKey | None = None,
        receipt: Receipt | None = None,
        token: str | None = None,
        certificate: Certificate | None = None,
        standing: Sequence[Certificate] = (),
        authority: Authority | None = None,
        mandate: Mandate | None = None,
        credit: CreditFile | None = None,
        timers: Sequence[Timer] = (),
        cleared: Sequence[str] = (),
    ) -> None:
        """Write state, events, outbox row, receipt and the rest in one transaction.

        A draft uses its presence code up. A ``certificate`` is created, and has one predecessor at most.
        ``token``: the workflow's task token for the task that these events open.
        ``standing``: certificates, of this case or of others, as they stand from now on, each under the version before.
        ``authority``, ``mandate``, ``credit``: must still stand as they were read, or nothing is written.
        ``timers`` are set, timers of the kinds in ``cleared`` are removed.
        Raises Conflict when the case has moved on or the key was used; Invalid ``case.too-large`` (domain.sizes).
        """
        ...

    def receipt(self, scope: str) -> StoredReceipt | None: ...

    def presence_used(self, code_id: str) -> bool: ...

    def document(self, number: str) -> tuple[str, Entry] | None:
        """Case id and entry of a document number."""
        ...

    def log(self, case_id: str, after: int = 0) -> Iterable[EventRecord]:
        """The events numbered above ``after``, in order."""
        ...

    def next_number(self, item_code: str, day: str) -> int:
        """The next running number of an item on a day (YYYYMMDD): gaps are possible, reuse is not."""
        ...

    def worklist(self, queue: str, after: str | None, limit: int) -> Page[TaskSummary]:
        """Open tasks of a queue, oldest first. ``queue``: see ``body_queue`` and ``officer_queue``."""
        ...

    def cases_about(self, identifier: str, limit: int) -> Sequence[Case]:
        """Cases about a certificate: its renewals, changes and reissues, newest first."""
        ...

    def cases_of(self, subject: str, after: str | None, limit: int) -> Page[Case]:
        """Cases in which the subject is applicant or agent, newest first."""
        ...

    # -- what the workflow needs ------------------------------------------------------------
    def renew_token(self, case: Case, task: int, token: str) -> None:
        """Replace the token of an open task of the case. Raises Conflict when the case has moved on."""
        ...

    def tokens(self, case_id: str) -> Mapping[int, TaskToken]:
        """Task number to token, for every task whose token was not yet reported."""
        ...

    def forget_token(self, case_id: str, task: int) -> None: ...

    def unsent(self, shard: int, before: datetime, limit: int) -> Sequence[OutboxRow]:
        """Outbox rows of a shard (0–15) recorded before a moment, oldest first."""
        ...

    def sent(self, row_key: str) -> None:
        """Delete an outbox row. Deleting it twice is harmless."""
        ...

    def due(self, shard: int, until: datetime, limit: int) -> Sequence[Timer]:
        """Timers of a shard (0–15) that fall due at or before ``until``, earliest first."""
        ...

    def set_timer(self, timer: Timer) -> None: ...

    def clear_timer(self, timer: Timer) -> None: ...


@dataclass(frozen=True, slots=True)
class Timer:
    """A row of the due index: look at this case at that moment."""

    case_id: str
    kind: str
    due_at: datetime


def body_queue(body: str, role: str) -> str:
    """The free tasks of one kind at a body."""
    return f"work#{body}#{role}"


def officer_queue(subject: str) -> str:
    """The tasks that an officer has claimed."""
    return f"mine#{subject}"


class AuthorityRepository(Protocol):
    """Authorities of agents."""

    def get(self, authority_id: str) -> Authority | None: ...

    def commit(
        self, authority: Authority, *, expected_version: int, key: RequestKey | None, receipt: Receipt | None
    ) -> None:
        """Write the authority and the receipt in one transaction. Raises Conflict."""
        ...

    def of(self, subject: str, after: str | None, limit: int) -> Page[Authority]:
        """Authorities in which the subject is principal or agent, newest first."""
        ...


class CertificateRepository(Protocol):
    """Issued certificates; they are written with the case that earned them."""

    def get(self, identifier: str) -> Certificate | None:
        """The certificate as last committed (strongly consistent)."""
        ...

    def successor(self, identifier: str) -> str | None:
        """The certificate that took its place, or ``certificates.NOTHING`` if none ever will.

        Known also where the person of the earlier one was erased.
        """
        ...

    def of_holder(self, subject: str, after: str | None, limit: int) -> Page[Certificate]:
        """Certificates issued to a holder, newest first."""
        ...


class PaymentProvider(Protocol):
    """Where fees are paid online. What is paid at a window an officer records."""

    def received(self, order: str, reference: str) -> int | None:
        """What the provider received (in fen) for an order, a case's number, under a reference; None if nothing."""
        ...


class HeldData(Protocol):
    """What the platform holds about an applicant, or can fetch (B8). Its first source: certificates issued here."""

    def certificates_of(self, subject: str) -> Sequence[Certificate]:
        """The holder's certificates, newest first."""
        ...


@dataclass(frozen=True, slots=True)
class Hint:
    """What goes onto the bus: that something happened, never to whom."""

    case_id: str
    number: int
    type: str


class Bus(Protocol):
    """The event bus."""

    def publish(self, hints: Sequence[Hint]) -> Sequence[Hint]:
        """Publish and return those that were not taken (FailedEntryCount), to be kept for the sweeper."""
        ...


class CalendarSource(Protocol):
    """Where the official calendar comes from."""

    def current(self) -> Calendar:
        """Every year announced so far. Cheap: kept between calls."""
        ...


class Ports(
    UploadPorts,
    LogPorts,
    CreditPorts,
    CommitmentPorts,
    OutagePorts,
    SchedulePorts,
    SealPorts,
    WorkflowPorts,
    Protocol,
):
    """All of them together, as ``wiring.Wiring`` offers them. A use case touches only what it names."""

    @property
    def home(self) -> str:
        """The 12-digit code of the division whose stack this is."""
        ...

    @property
    def presence_secrets(self) -> Sequence[bytes]:
        """What presence codes are signed with: the first signs, all verify."""

    @property
    def clock(self) -> Clock: ...
    @property
    def ids(self) -> Ids: ...
    @property
    def forms(self) -> Forms: ...
    @property
    def divisions(self) -> Divisions: ...
    @property
    def catalog(self) -> Catalog: ...
    @property
    def calendar(self) -> CalendarSource: ...
    @property
    def cases(self) -> CaseRepository: ...
    @property
    def authorities(self) -> AuthorityRepository: ...
    @property
    def enquiries(self) -> EnquiryRepository: ...
    @property
    def mandates(self) -> MandateRepository: ...
    @property
    def certificates(self) -> CertificateRepository: ...
    @property
    def payments(self) -> PaymentProvider: ...
    @property
    def held(self) -> HeldData: ...
    @property
    def bus(self) -> Bus: ...
