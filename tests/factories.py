"""Made-up items, bodies, people and cases for tests. Nothing here is real, and all of it is small."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from chalicelib.domain.actors import Actor as Actor
from chalicelib.domain.actors import ActorKind as ActorKind
from chalicelib.domain.actors import Role
from chalicelib.domain.calendar import Calendar
from chalicelib.domain.case_events import Party
from chalicelib.domain.catalog import (
    Body,
    BodyKind,
    CaseType,
    ImplementationItem,
    Material,
    Necessity,
    RouteStep,
    StepMode,
    StepRole,
)
from chalicelib.domain.commitments import Evidence
from chalicelib.domain.divisions import Division, Level, ancestor, level_of
from chalicelib.domain.errors import Unavailable, Violation
from chalicelib.domain.presence import Shown
from chalicelib.domain.routing import Channel as Channel
from chalicelib.domain.uploads import Upload
from chalicelib.services import presence
from chalicelib.services.log_ports import Damaged
from chalicelib.services.message_ports import Sent
from chalicelib.services.ports import Hint
from chalicelib.services.seal_ports import SealKey
from chalicelib.services.upload_ports import Link, PostForm
from chalicelib.storage.case_logs_memory import MemoryCaseLogs
from chalicelib.storage.held import HeldCertificates
from chalicelib.storage.memory import (
    MemoryAuthorities,
    MemoryCases,
    MemoryCertificates,
    MemoryCredit,
    MemoryEnquiries,
    MemoryMandates,
    MemoryStore,
)
from chalicelib.storage.memory_messages import MemoryContacts, MemoryMessages
from chalicelib.storage.message_texts import PackagedTexts
from chalicelib.storage.outages import MemoryOutages
from chalicelib.storage.places_memory import MemoryPlaces
from chalicelib.storage.places_view import KeptPlaces
from chalicelib.storage.uploads_memory import MemoryUploads

START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)  # a Monday, 09:00 in Beijing

LEAGUE, BANNER, SUM, GACHA = "152500000000", "152526000000", "152526102000", "152526102203"
REGION = "150000000000"
USCC = "11152500MB00000001"


def body(division: str, department: str, kind: BodyKind = BodyKind.ORGAN) -> Body:
    return Body(f"{division}-{department}", f"{division}的{department}", division, department, USCC, kind, demo=True)


LEAGUE_BUREAU = body(LEAGUE, "05")
BANNER_BUREAU = body(BANNER, "05")
SUM_CENTRE = body(SUM, "bm", BodyKind.OUTLET)
BODIES = {b.id: b for b in (LEAGUE_BUREAU, BANNER_BUREAU, SUM_CENTRE, body(REGION, "05"), body(SUM, "01"))}

FORM = {
    "type": "object",
    "additionalProperties": False,
    "required": ["subject"],
    "properties": {"subject": {"type": "string", "minLength": 1, "maxLength": 50}},
}

STEPS = (
    RouteStep(StepRole.ACCEPT, Level.LEAGUE, "05"),
    RouteStep(StepRole.PRELIMINARY_REVIEW, Level.BANNER, "05"),
    RouteStep(StepRole.REVIEW, Level.LEAGUE, "05"),
    RouteStep(StepRole.DECIDE, Level.LEAGUE, "05"),
)
ENTRUSTED_STEPS = (
    RouteStep(StepRole.ACCEPT, Level.BANNER, "05", StepMode.ENTRUSTED),
    RouteStep(StepRole.DECIDE, Level.LEAGUE, "05"),
)

BASIC = "150105001001"


def item(**changes: Any) -> ImplementationItem:
    """An item decided by the league after preliminary review by the banner."""
    made = ImplementationItem(
        code=f"{USCC}3{BASIC}",
        basic_code=BASIC,
        version=1,
        name="示例许可",
        name_en="Example licence",
        type_code="01",
        body=LEAGUE_BUREAU,
        level=Level.LEAGUE,
        case_type=CaseType.PROMISED,
        form=FORM,
        materials=(
            Material("m1", "申请书", "Application", Necessity.REQUIRED),
            Material("m2", "证明", "Proof", Necessity.OPTIONAL),
        ),
        steps=STEPS,
        result_kind="certificate",
        result_name="示例许可证",
        applicant_kinds=("1", "2"),
        demo=True,
    )
    return replace(made, **changes)


HERDER = Actor("herder", ActorKind.PERSON, "其其格𠮷ᠮᠣᠩᠭᠣᠯ")
STRANGER = Actor("stranger", ActorKind.PERSON, "路人")
AGENT = Actor("agent", ActorKind.AGENT, "代办员", division=GACHA)
WINDOW = Actor("window", ActorKind.OFFICER, body=SUM_CENTRE.id, division=SUM, roles=frozenset({Role.WINDOW}))
BANNER_REVIEWER = Actor(
    "banner-reviewer", ActorKind.OFFICER, body=BANNER_BUREAU.id, division=BANNER, roles=frozenset({Role.REVIEW})
)
ACCEPTOR = Actor(
    "league-acceptor", ActorKind.OFFICER, body=LEAGUE_BUREAU.id, division=LEAGUE, roles=frozenset({Role.ACCEPTANCE})
)
REVIEWER = Actor(
    "league-reviewer", ActorKind.OFFICER, body=LEAGUE_BUREAU.id, division=LEAGUE, roles=frozenset({Role.REVIEW})
)
COLLEAGUE = replace(REVIEWER, subject="league-colleague")
DECIDER = Actor(
    "league-decider", ActorKind.OFFICER, body=LEAGUE_BUREAU.id, division=LEAGUE, roles=frozenset({Role.DECISION})
)
CREDIT_OFFICE = Actor(
    "credit-officer", ActorKind.OFFICER, body=f"{LEAGUE}-04", division=LEAGUE, roles=frozenset({Role.CREDIT})
)
SUPERVISOR = Actor("supervisor", ActorKind.SUPERVISOR, division=LEAGUE)


class FakeClock:
    """Stands still until it is moved."""

    def __init__(self, at: datetime = START) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def advance(self, **span: float) -> None:
        self.at += timedelta(**span)


class FakeIds:
    """Counts: the ids sort as ULIDs do and look like them."""

    def __init__(self) -> None:
        self.drawn = self.secrets = 0

    def new(self, at: datetime) -> str:
        self.drawn += 1
        return f"01{self.drawn:024d}"

    def secret(self, alphabet: str, length: int) -> str:
        self.secrets += 1
        number, letters = self.secrets, ""
        while number:
            number, at = divmod(number, len(alphabet))
            letters = alphabet[at] + letters
        return letters.rjust(length, alphabet[0])


class FakeForms:
    """Knows one rule: a form must have what its schema requires."""

    def violations(self, schema: Mapping[str, Any], data: object, pointer: str = "") -> tuple[Violation, ...]:
        given = data if isinstance(data, Mapping) else {}
        return tuple(
            Violation("schema.required", f"{pointer}/{name}")
            for name in schema.get("required", ())
            if name not in given
        )

    def of_format(
        self, schema: Mapping[str, Any], data: object, name: str, pointer: str = ""
    ) -> Iterator[tuple[str, str]]:
        given = data if isinstance(data, Mapping) else {}
        for member, rule in schema.get("properties", {}).items():
            if rule.get("format") == name and member in given:
                yield f"{pointer}/{member}", given[member]


_ROW = {
    "name_en": "",
    "department": "05",
    "accepted_at": {"level": 3, "department": "05", "entrusted": False},
    "scope": "division",
    "assisted": True,
    "delay_service": True,
    "in_hall": True,
}


@dataclass
class Rows:
    """The rows of a release, by code."""

    by_code: dict[str, dict[str, Any]]


@dataclass
class FakeCatalog:
    """One item, offered everywhere below its level."""

    items: dict[tuple[str, int], ImplementationItem] = field(default_factory=dict)
    current: dict[str, ImplementationItem] = field(default_factory=dict)

    def publish(self, made: ImplementationItem) -> None:
        self.items[made.code, made.version] = made
        self.current[made.basic_code] = made

    def offer(self, basic_code: str, division: str) -> ImplementationItem | None:
        made = self.current.get(basic_code)
        if made is None or ancestor(division, made.level) != made.body.division:
            return None
        return made

    def index(self) -> Rows:
        """What the league accepts at its windows, helped with and marked for delay service."""
        return Rows({code: {**_ROW, "basic_code": code, "name": made.name} for code, made in self.current.items()})

    def version(self, code: str, version: int) -> ImplementationItem | None:
        return self.items.get((code, version))

    def body(self, body_id: str) -> Body | None:
        return BODIES.get(body_id)

    def body_of(self, department: str, division: str) -> Body | None:
        return BODIES.get(f"{division}-{department}")

    def outlet_of(self, division: str) -> Body | None:
        place = ancestor(division, Level.TOWNSHIP)
        return BODIES.get(f"{place}-bm") if place else None


class FakeSeal:
    """A seal that anybody could forge, but that notices a changed digest and another key. It can be renewed."""

    def __init__(self) -> None:
        self.key_id = "fake-key"
        self.former: tuple[str, ...] = ()

    def renew(self, key_id: str, *, forget: bool = False) -> None:
        """Seal with another key from now on. ``forget``: the former one is not named among the stack's keys."""
        self.former = () if forget else (*self.former, self.key_id)
        self.key_id = key_id

    def sign(self, digest: bytes) -> bytes:
        return f"signed with {self.key_id}:".encode() + digest

    def verify(self, key_id: str, digest: bytes, signature: bytes) -> bool:
        known = key_id in (self.key_id, *self.former)
        return known and signature == f"signed with {key_id}:".encode() + digest

    def keys(self) -> tuple[SealKey, ...]:
        return tuple(SealKey(key_id, bytes(32), bytes(32)) for key_id in (self.key_id, *self.former))


class FakeSignatures:
    """Signs with the fake seal."""

    def sign(self, statement: str) -> Evidence:
        digest = hashlib.sha256(statement.encode()).hexdigest()
        return Evidence(statement, digest, "fake", "none", "fake-key", f"signed:{digest}")


class FakeVault:
    """Seals as the real one does, with keys that it keeps and can be made to lose. Counts what KMS would be asked."""

    def __init__(self) -> None:
        self.keys: dict[bytes, tuple[str, AESGCM]] = {}
        self.made = 0

    def create(self, owner: str) -> bytes:
        self.made += 1
        wrapped = f"wrapped-{self.made}-{owner}".encode()
        self.keys[wrapped] = (owner, AESGCM(AESGCM.generate_key(256)))
        return wrapped

    def seal(self, owner: str, key: bytes, place: str, plain: bytes) -> bytes:
        nonce = os.urandom(12)
        return nonce + self._of(owner, key).encrypt(nonce, plain, f"{owner}|{place}".encode())

    def open(self, owner: str, key: bytes, place: str, sealed: bytes) -> bytes:
        try:
            return self._of(owner, key).decrypt(sealed[:12], sealed[12:], f"{owner}|{place}".encode())
        except (InvalidTag, ValueError) as error:
            raise Damaged(place) from error

    def _of(self, owner: str, key: bytes) -> AESGCM:
        made_for, cipher = self.keys.get(key, ("", None))
        if cipher is None or made_for != owner:
            raise Damaged(owner)
        return cipher


class FakeAnchors:
    """Written once, and never again."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def put(self, name: str, body: bytes) -> bool:
        return self.kept.setdefault(name, body) is body

    def get(self, name: str) -> bytes | None:
        return self.kept.get(name)

    def names(self, prefix: str, after: str) -> list[str]:
        return sorted(name for name in self.kept if name.startswith(prefix) and name > after)


@dataclass
class FakeBus:
    """Takes everything, or nothing while it is ``down``."""

    taken: list[Hint] = field(default_factory=list)
    down: bool = False

    def publish(self, hints: Sequence[Hint]) -> Sequence[Hint]:
        if self.down:
            return hints
        self.taken += hints
        return ()


@dataclass
class FakeWorkflows:
    """Remembers what it was told."""

    started: list[tuple[str, int]] = field(default_factory=list)
    succeeded: list[tuple[str, Mapping[str, object]]] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)
    dead: set[tuple[str, int]] = field(default_factory=set)

    def start(self, case_id: str, attempt: int) -> bool:
        fresh = (case_id, attempt) not in self.started
        self.started.append((case_id, attempt))
        return fresh

    def succeed(self, token: str, output: Mapping[str, object]) -> bool:
        self.succeeded.append((token, output))
        return True

    def fail(self, token: str, error: str, cause: str) -> bool:
        self.failed.append((token, error))
        return True

    def is_running(self, case_id: str, attempt: int) -> bool:
        return (case_id, attempt) in self.started and (case_id, attempt) not in self.dead


class FakeDivisions:
    """The chain of the made-up bodies, and one division outside it."""

    known = (REGION, LEAGUE, BANNER, SUM, GACHA, "150100000000")

    def get(self, code: str) -> Division | None:
        return Division(code, code, level_of(code), None) if code in self.known else None


class FakePayments:
    """Knows what a test has paid: (order, reference) to fen."""

    def __init__(self) -> None:
        self.paid: dict[tuple[str, str], int] = {}
        self.asked = 0

    def received(self, order: str, reference: str) -> int | None:
        self.asked += 1
        return self.paid.get((order, reference))


class FakeProvider:
    """Takes text messages or letters: (contact, text, key). ``failing`` is raised instead, to one contact or all."""

    def __init__(self) -> None:
        self.sent: list[tuple[object, str, str]] = []
        self.asked = 0
        self.failing: dict[object, Exception] = {}
        self.arrives = True

    def send(self, contact: object, text: str, key: str) -> Sent:
        self.asked += 1
        failure = self.failing.get(contact, self.failing.get("*"))
        if failure is not None:
            raise failure
        self.sent.append((contact, text, key))
        return Sent(f"ref-{len(self.sent)}", self.arrives)


class FakeCalendar:
    """The plain week: every year is provisional until a test announces it."""

    def __init__(self) -> None:
        self.calendar = Calendar()

    def current(self) -> Calendar:
        return self.calendar


class FakeObjects:
    """Two buckets. ``post`` is what a browser does."""

    def __init__(self) -> None:
        self.quarantine: dict[str, bytes] = {}
        self.kept: dict[str, bytes] = {}

    def post(self, upload: Upload, content: bytes) -> None:
        self.quarantine[upload.object_key] = content

    def form(self, upload: Upload) -> PostForm:
        return PostForm("https://quarantine.example", {"key": upload.object_key}, 300)

    def received(self, upload: Upload) -> bytes | None:
        found = self.quarantine.get(upload.object_key)
        return None if found is None else found[: upload.size + 1]

    def keep(self, upload: Upload, content: bytes) -> None:
        self.kept.setdefault(upload.object_key, content)

    def link(self, upload: Upload) -> Link:
        return Link(f"https://kept.example/{upload.object_key}", 300)

    def clear(self, upload: Upload) -> None:
        self.quarantine.pop(upload.object_key, None)

    def remove(self, upload: Upload) -> None:
        self.clear(upload)
        self.kept.pop(upload.object_key, None)


@dataclass
class FakeScanner:
    """Finds nothing, unless told to; ``down`` gives no verdict."""

    active: bool = False
    finds: bytes = b""
    down: bool = False

    def infected(self, content: bytes) -> bool:
        if self.down:
            raise Unavailable.because("scanner.unavailable")
        return bool(self.finds) and self.finds in content


class World:
    """All ports of the case side, in memory, over one published item. Implements ``services.ports.Ports``."""

    home = LEAGUE
    presence_secrets: Sequence[bytes] = (b"a secret of the tests", b"the one before it")

    def __init__(self, made: ImplementationItem | None = None) -> None:
        self.store = MemoryStore()
        self.clock = FakeClock()
        self.ids = FakeIds()
        self.forms = FakeForms()
        self.divisions = FakeDivisions()
        self.catalog = FakeCatalog()
        self.catalog.publish(made or item())
        self.calendar = FakeCalendar()
        self.cases = MemoryCases(self.store)
        self.logs = MemoryCaseLogs(self.store)
        self.anchors = FakeAnchors()
        self.authorities = MemoryAuthorities(self.store)
        self.enquiries = MemoryEnquiries(self.store)
        self.mandates = MemoryMandates(self.store)
        self.outages = MemoryOutages(self.store)
        self.certificates = MemoryCertificates(self.store)
        self.credit = MemoryCredit(self.store)
        self.workflows = FakeWorkflows()
        self.checks = FakeWorkflows()
        self.bus = FakeBus()
        self.seal = FakeSeal()
        self.signatures = FakeSignatures()
        self.payments = FakePayments()
        self.contacts = MemoryContacts(self.store)
        self.messages = MemoryMessages(self.store)
        self.message_texts = PackagedTexts()
        self.public_address = "https://onewindow.test"
        self.sms = FakeProvider()
        self.post = FakeProvider()
        self.uploads = MemoryUploads(self.store)
        self.objects = FakeObjects()
        self.place_store = MemoryPlaces(self.store)
        self.scanner = FakeScanner()

    @property
    def places(self) -> KeptPlaces:
        """Fresh each time: nothing is kept while a test changes places."""
        return KeptPlaces(self.place_store, self.clock)

    @property
    def held(self) -> HeldCertificates:
        """Over whichever certificates the world has now: the contract suite changes them."""
        return HeldCertificates(self.certificates)


def item_party() -> Party:
    """The herder as an applicant."""
    return Party(HERDER.subject, HERDER.kind, HERDER.name)


def presence_of(world: World, who: Actor = HERDER) -> str:
    """The code that somebody shows at a window now."""
    return presence.code(world, who).text


RESIDENT = "152501199003070012"
SHOWN = Shown(ActorKind.PERSON, HERDER.name, "resident_id", RESIDENT)
"""What a window reads from the herder's identity card."""
