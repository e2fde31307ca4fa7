"""Electronic certificates (电子证照, H1): identifier, content hash, seal, and what a stranger may learn.

The identifier has the form ``1.2.156.3005.2.<type>.<issuer>.<serial>.<version>.<check>`` (GB/T 36904,
as real identifiers show it): type code = USCC of the body that defined the type + 3 digits, issuer =
its USCC, check = ISO 7064 MOD 37,36 over the parts between root and check without their dots.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from chalicelib.domain.case_events import ApplicationSubmitted, CaseDrafted, Event

ROOT = "1.2.156.3005.2"
NOTHING = ""
"""What follows a certificate that was annulled, once and for all."""
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class CertificateState(StrEnum):
    """Whether it still counts."""

    VALID = "valid"
    REPLACED = "replaced"  # another took its place: renewed, changed or issued anew
    ANNULLED = "annulled"


@dataclass(frozen=True, slots=True)
class Certificate:
    """An issued certificate. ``digest`` is the SHA-256 of its content, ``signature`` the seal over it.

    Neither state nor holder's account is sealed: both can change later, and ``version`` counts how often.
    """

    identifier: str
    state: CertificateState
    type_name: str
    item_code: str
    item_name: str
    case_id: str
    case_number: str
    holder_subject: str
    holder_name: str
    issuer: str  # body id
    issuer_name: str
    issuer_uscc: str
    issued_at: datetime
    valid_until: datetime | None
    demo: bool
    salt: str = ""  # chance, so that the holder's name cannot be tried out against the digest
    digest: str = ""
    seal_key: str = ""
    signature: str = ""  # base64 of the DER signature
    version: int = 1
    replaced_by: str = ""  # identifier of the certificate that took its place

    def content(self) -> bytes:
        """What is sealed, as canonical JSON in UTF-8: everything that the certificate says."""
        said = {
            "identifier": self.identifier,
            "type": self.type_name,
            "item": self.item_code,
            "item_name": self.item_name,
            "case_number": self.case_number,
            "holder": self.holder_name,
            "issuer": self.issuer_uscc,
            "issuer_name": self.issuer_name,
            "issued_at": self.issued_at.isoformat(),
            "valid_until": self.valid_until.isoformat() if self.valid_until else None,
            "demo": self.demo,
        }
        if self.salt:
            said["salt"] = self.salt
        return json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()

    def annulled(self) -> Certificate:
        """As it stands once what it rested on was revoked."""
        return replace(self, state=CertificateState.ANNULLED, version=self.version + 1)

    def replaced(self, successor: str) -> Certificate:
        """As it stands once another certificate has taken its place."""
        return replace(self, state=CertificateState.REPLACED, replaced_by=successor, version=self.version + 1)

    def reinstated(self) -> Certificate:
        """As it stands once what had taken its place was revoked."""
        return replace(self, state=CertificateState.VALID, replaced_by="", version=self.version + 1)

    def held_by(self, subject: str) -> Certificate:
        """As it stands once an account has claimed it."""
        return replace(self, holder_subject=subject, version=self.version + 1)

    def ended(self, at: datetime) -> bool:
        """True once its time is over; what never ends does not."""
        return self.valid_until is not None and self.valid_until <= at

    def content_digest(self) -> bytes:
        return hashlib.sha256(self.content()).digest()


def resting_on(event: Event) -> tuple[str, ...]:
    """The certificates on which a case rests from an event on: what it is about, and what stood for a material."""
    if isinstance(event, CaseDrafted):
        return (event.about.identifier,) if event.about else ()
    if isinstance(event, ApplicationSubmitted):
        return tuple(dict.fromkeys(m.certificate for m in event.held if m.certificate))
    return ()


def check_character(text: str) -> str:
    """ISO 7064 MOD 37,36 check character of a string over 0-9A-Z."""
    rest = 36
    for character in text:
        rest = (rest + _ALPHABET.index(character)) % 36 or 36
        rest = rest * 2 % 37
    return _ALPHABET[(37 - rest) % 36]


def make_identifier(definer_uscc: str, type_number: int, issuer_uscc: str, serial: str, version: int = 1) -> str:
    """The identifier of a new certificate. ``serial`` is unique per issuer, characters 0-9A-Z."""
    parts = (f"{definer_uscc}{type_number:03d}", issuer_uscc, serial.upper(), f"{version:03d}")
    return ".".join((ROOT, *parts, check_character("".join(parts))))


def is_well_formed(identifier: str) -> bool:
    """True if the identifier has the standard's form and its check character fits."""
    if not identifier.startswith(ROOT + "."):
        return False
    parts = identifier[len(ROOT) + 1 :].split(".")
    if len(parts) != 5 or not all(part and set(part) <= set(_ALPHABET) for part in parts):
        return False
    kind, issuer, _serial, version, check = parts
    fits = len(kind) == 21 and len(issuer) == 18 and len(version) == 3
    return fits and check == check_character("".join(parts[:4]))


def masked(name: str) -> str:
    """A name as a stranger may see it: the first character, the rest covered."""
    return name[:1] + "*" * max(len(name) - 1, 1)
