"""Who stands at the window: the presence code on the applicant's phone, or the identity document in their hand.

An officer's word ties nothing to an account (docs/adr/0010). Either the account's holder shows a *presence code*, which
the platform signed for them a moment ago and which opens one application; or the officer records which document they
checked, and the case belongs to a *provisional* party without account, until its person claims it with their own login.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from chalicelib.domain.actors import Actor, ActorKind, Role
from chalicelib.domain.case_events import Event, EventRecord, IdentityCheck, Party
from chalicelib.domain.case_rules import Act, CaseState, Evolutions, Transition, Transitions
from chalicelib.domain.errors import Forbidden, Invalid, Violation

if TYPE_CHECKING:
    from chalicelib.domain.cases import Case
    from chalicelib.domain.deadlines import Lapse, Law

LASTS = timedelta(minutes=5)
"""How long a code can be used: long enough to be scanned, too short to be passed on."""

KEPT = timedelta(hours=1)
"""How long it is remembered that a code was used. Afterwards its own end refuses it."""

HOLDERS = frozenset({ActorKind.PERSON, ActorKind.ORGANISATION})
_PURPOSE = b"onewindow presence 1."
_PROVISIONAL = "provisional "
_ROUNDS = 50_000


# -- presence codes --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Presence:
    """What a code says: this account was logged in at that moment, and shows it to one window once."""

    id: str
    party: Party
    until: datetime


def of(actor: Actor, code_id: str, now: datetime) -> Presence:
    """The presence of the one who asks. Raises Forbidden for whoever applies for nothing."""
    if actor.kind not in HOLDERS:
        raise Forbidden.because("presence.applicants-only")
    return Presence(code_id, Party(actor.subject, actor.kind, actor.name), now + LASTS)


def signed(presence: Presence, secret: bytes) -> str:
    """The code as it is shown: what it says and a signature over it, in the alphabet of addresses."""
    party = presence.party
    said = [presence.id, party.subject, party.kind, party.name, int(presence.until.timestamp())]
    text = _armoured(json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode())
    return f"{text}.{_signature(text, secret)}"


def read(code: str, secrets: Sequence[bytes], now: datetime) -> Presence:
    """What a code says, if one of the secrets signed it and its time is not over. Raises Invalid."""
    text, _, signature = code.partition(".")
    # The signature covers the text as it came and is compared as text: one code has one form.
    fits = [hmac.compare_digest(_signature(text, secret).encode(), signature.encode()) for secret in secrets]
    if not any(fits):
        raise Invalid.because("presence.code-invalid", "/presence")
    code_id, subject, kind, name, until = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    presence = Presence(code_id, Party(subject, ActorKind(kind), name), datetime.fromtimestamp(until, UTC))
    if now >= presence.until:
        raise Invalid.because("presence.code-expired", "/presence")
    return presence


def _signature(text: str, secret: bytes) -> str:
    return _armoured(hmac.digest(secret, _PURPOSE + text.encode(), "sha256"))


def _armoured(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


# -- identity checked by the officer ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Shown:
    """What the officer read from the document: who it names, its kind and its number."""

    kind: ActorKind
    name: str
    document: str
    number: str


def provisional_party(case_id: str, shown: Shown) -> Party:
    """A party without account. No issuer's subject has a space in it, so nobody can log in as one."""
    return Party(f"{_PROVISIONAL}{case_id}", shown.kind, shown.name)


def is_provisional(subject: str) -> bool:
    """True for the subject of a party that no account stands behind."""
    return subject.startswith(_PROVISIONAL)


def checked(case_id: str, shown: Shown) -> IdentityCheck:
    """What is kept of it: the kind, the number with its middle covered, and a slow digest that a claim must meet."""
    return IdentityCheck(shown.document, _covered(shown.number), _digest(case_id, shown.number))


def _covered(number: str) -> str:
    shown = 3 if len(number) >= 10 else 1
    return f"{number[:shown]}{'*' * (len(number) - 2 * shown)}{number[-shown:]}"


def _digest(case_id: str, number: str) -> str:
    return hashlib.pbkdf2_hmac("sha256", number.encode(), case_id.encode(), _ROUNDS).hex()


def is_filer(case: Case, actor: Actor) -> bool:
    """The agent who filed it for the applicant, or the window officer, while they work at that window.

    An applicant without account has nobody but the window: every officer of that window serves them.
    """
    if not case.agent:
        return False
    at_the_window = actor.kind is ActorKind.OFFICER and Role.WINDOW in actor.roles and actor.division == case.filed_at
    if is_provisional(case.applicant.subject) and at_the_window:
        return True
    return actor.subject == case.agent and (actor.kind is ActorKind.AGENT or at_the_window)


def delivery_violations(case: Case) -> list[Violation]:
    """Who has no account can fetch nothing electronically: their result is handed over at the window."""
    if is_provisional(case.applicant.subject) and case.delivery == "electronic":
        return [Violation("presence.no-account-to-deliver-to", "/delivery")]
    return []


# -- the person claims it -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ClaimApplication:
    """The person for whom it was filed takes it over into their account."""

    claimant: Party


@dataclass(frozen=True, slots=True)
class ApplicationClaimed(Event):
    """From here on the case is that of an account."""

    type: ClassVar[str] = "case.applicant_claimed"
    applicant: Party


def may_claim(case: Case, actor: Actor, number: str) -> bool:
    """True if this is the person: the account's own name and kind, and the number of the document that was checked."""
    if not is_provisional(case.applicant.subject) or actor.kind is not case.applicant.kind:
        return False
    return _has_number(case, number) and actor.name.strip() == case.applicant.name.strip()


def is_same_person(case: Case, shown: Shown) -> bool:
    """True if an officer was shown a document of this number and name for the case as well."""
    named = (case.applicant.kind, case.applicant.name.strip()) == (shown.kind, shown.name.strip())
    return named and _has_number(case, shown.number)


def _has_number(case: Case, number: str) -> bool:
    return case.identity is not None and hmac.compare_digest(case.identity.digest, _digest(case.id, number))


def not_claimed_yet(case: Case, command: ClaimApplication, act: Act) -> Violation | None:
    """A case is claimed once."""
    return None if is_provisional(case.applicant.subject) else Violation("presence.claimed")


def _claimed(case: Case, event: ApplicationClaimed, record: EventRecord) -> dict[str, Any]:
    return {"applicant": event.applicant}


TRANSITIONS: Transitions = {
    ClaimApplication: Transition(
        # Everything that has a receipt, also what has ended: the result is theirs.
        frozenset(CaseState) - {CaseState.DRAFT, CaseState.DISCARDED},
        (not_claimed_yet,),
        lambda case, m, a: (ApplicationClaimed(replace(m.claimant, name=case.applicant.name)),),
    )
}

EVOLUTIONS: Evolutions = {ApplicationClaimed: _claimed}


def lapses(case: Case, law: Law) -> Iterable[Lapse]:
    """Time alone claims nothing."""
    return ()
