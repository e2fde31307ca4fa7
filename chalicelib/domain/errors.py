"""The one tree of expected failures. Every leaf says *what kind* of refusal it is; its violations say *why*.

    DomainError
    ├── Invalid          the request breaks a schema or a rule of the item         (HTTP 422)
    ├── Refused          the object is not in a state that allows the act           (HTTP 409)
    ├── Conflict         somebody else changed the object in between: read and retry (HTTP 409)
    ├── Stale            the version named by the caller is not the current one     (HTTP 412)
    ├── Forbidden        the actor may see the object but not do this               (HTTP 403)
    ├── Gone             it was there and is no more, for good                       (HTTP 410)
    ├── NotFound         absent, or not visible to this actor: both look the same   (HTTP 404)
    └── Unavailable      a service that this needs does not answer; try again       (HTTP 503)

A violation carries a stable ``code`` (asserted by tests, never the sentence), a JSON pointer into
the request (RFC 6901, empty for the whole) and parameters for the text. The Chinese and English
sentences stand in ``data/problems.json`` under the same code.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken rule: its code, the place in the request, and values for the sentence."""

    code: str
    pointer: str = ""
    params: dict[str, str | int] = field(default_factory=dict)


class DomainError(Exception):
    """An expected refusal. Raised with every violation found, never only the first."""

    def __init__(self, *violations: Violation) -> None:
        if not violations:
            raise ValueError("a refusal names at least one violation")
        super().__init__(", ".join(v.code for v in violations))
        self.violations = violations

    @property
    def code(self) -> str:
        """The code of the first violation, which names the problem as a whole."""
        return self.violations[0].code

    @classmethod
    def because(cls, code: str, pointer: str = "", **params: str | int) -> DomainError:
        """Build the error from a single violation."""
        return cls(Violation(code, pointer, params))


class Invalid(DomainError):
    """The request itself is wrong: form data, materials, identifiers, unknown item."""


class Refused(DomainError):
    """The object exists and the actor may act on it, but not in its present state."""


class Conflict(DomainError):
    """A concurrent change won; nothing was written."""


class Stale(DomainError):
    """The caller's If-Match names a version that is no longer the current one (RFC 9110, 13.1.1)."""


class Forbidden(DomainError):
    """The actor sees the object, yet this act is not theirs."""


class NotFound(DomainError):
    """Absent or foreign. The two are never told apart."""


class Gone(DomainError):
    """It was there, everybody may know that, and it is no more."""


class Unavailable(DomainError):
    """Something behind the platform does not answer."""


def raise_all(error: type[DomainError], violations: Iterable[Violation | None]) -> None:
    """Raise ``error`` with every violation that is not None; do nothing when there is none."""
    found = tuple(v for v in violations if v is not None)
    if found:
        raise error(*found)
