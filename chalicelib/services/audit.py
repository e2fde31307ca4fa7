"""Verifying the logs of cases against themselves and against what was anchored (G1).

    verdict = audit.verify_case(ports, case_id)
    verdict.finding   # None, or the first bad event

Needs no right to read what the events say: the chain covers what is stored, which is sealed. Where the data keys
may be used as well, an event that was replaced by something else is named exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from chalicelib.domain.deadlines import legal_day
from chalicelib.domain.log_chain import Anchored, Fault, Finding, StoredEvent, first_fault
from chalicelib.services import anchors
from chalicelib.services.ports import Ports

_ULID = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What verifying a case has shown. ``anchors``: with how many nights it was compared.

    ``flaws`` names what does not fit in those anchors themselves.
    """

    case_id: str
    events: int
    anchors: int
    finding: Finding | None
    flaws: tuple[str, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Whether log and anchors are what they were."""
        return self.finding is None and not self.flaws


@dataclass(frozen=True, slots=True)
class DayVerdict:
    """What verifying a day has shown. ``flaws`` are those of the anchor itself; None when the day has no anchor."""

    day: date
    flaws: tuple[str, ...] | None
    cases: Sequence[Verdict]

    @property
    def is_whole(self) -> bool:
        """Whether anchor and logs are what they were."""
        return self.flaws == () and all(verdict.is_whole for verdict in self.cases)


def verify_case(ports: Ports, case_id: str, *, with_keys: bool = True) -> Verdict:
    """Verify a log from its first event to its last, and against every night since the case was begun.

    ``with_keys``: also try whether each event is what was sealed for its place.
    """
    shard = ports.logs.shard(case_id)
    days = [anchors.anchored_shard(ports, day, shard) for day in anchors.anchored_days(ports, _begun(case_id))]
    known = [day for day in days if day]
    anchored = [Anchored(d.day.isoformat(), head) for d in known for head in d.heads if head.case_id == case_id]
    flaws = tuple(f"{d.day}: {flaw}" for d in known for flaw in d.flaws)
    return replace(_judge(ports, case_id, anchored, with_keys), flaws=flaws)


def verify_day(ports: Ports, day: date, *, with_keys: bool = True) -> DayVerdict:
    """Verify the anchor of a day, and the logs of all cases that it names."""
    found = anchors.anchored_day(ports, day)
    if found is None:
        return DayVerdict(day, None, ())
    cases = [_judge(ports, h.case_id, [Anchored(day.isoformat(), h)], with_keys) for h in found.heads]
    return DayVerdict(day, found.flaws, cases)


def _judge(ports: Ports, case_id: str, anchored: Sequence[Anchored], with_keys: bool) -> Verdict:
    log = ports.logs.stored(case_id)

    def opens(event: StoredEvent) -> bool:
        return ports.logs.is_own(case_id, event) is not False

    finding = first_fault(log, anchored, opens if with_keys else None)
    if finding is None and not log.events and log.head is None:
        finding = Finding(case_id, Fault.GONE, 1, 1)
    return Verdict(case_id, len(log.events), len(anchored), finding)


def _begun(case_id: str) -> date:
    """The day before the case got its id, which begins with the moment (ULID): no night before knows it."""
    milliseconds = 0
    for character in case_id[:10]:
        if character not in _ULID:
            return date(2000, 1, 1)
        milliseconds = milliseconds * 32 + _ULID.index(character)
    return legal_day(_EPOCH + timedelta(milliseconds=milliseconds)) - timedelta(days=1)
