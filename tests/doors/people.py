"""Everybody who knocks: one account of each kind that the rules tell apart. None of them is real."""

from __future__ import annotations

from dataclasses import replace

from chalicelib.domain.actors import Actor, ActorKind, Role
from tests import factories as f
from tests import places, promises

OTHER_LEAGUE = "152200000000"


def _officer(like: Actor, subject: str, role: Role, **changes: str) -> Actor:
    return replace(like, subject=subject, roles=frozenset({role}), **changes)


NOBODY = None

ACTORS: dict[str, Actor | None] = {
    "nobody": NOBODY,
    "expired": f.HERDER,  # their token has run out since the gateway looked at it
    "applicant": f.HERDER,
    "neighbour": f.STRANGER,
    "company": Actor("company", ActorKind.ORGANISATION, "示例公司"),
    "agent": f.AGENT,
    "other-agent": replace(f.AGENT, subject="other-agent"),
    "window": f.WINDOW,
    "window-colleague": replace(f.WINDOW, subject="window-colleague"),
    "window-elsewhere": _officer(f.WINDOW, "far-window", Role.WINDOW, division=f.BANNER, body=f"{f.BANNER}-90"),
    "acceptor": f.ACCEPTOR,
    "banner-reviewer": f.BANNER_REVIEWER,
    "reviewer": f.REVIEWER,
    "colleague": f.COLLEAGUE,
    "decider": f.DECIDER,
    "head": _officer(f.DECIDER, "head", Role.HEAD),
    "banner-head": _officer(f.BANNER_REVIEWER, "banner-head", Role.HEAD),
    "governor": _officer(f.DECIDER, "governor", Role.GOVERNMENT_HEAD, body=f"{f.LEAGUE}-00"),
    "other-governor": _officer(
        f.DECIDER, "other-governor", Role.GOVERNMENT_HEAD, body=f"{OTHER_LEAGUE}-00", division=OTHER_LEAGUE
    ),
    "checker": promises.CHECKER,
    "far-checker": replace(promises.CHECKER, subject="far-checker", body=f"{OTHER_LEAGUE}-05", division=OTHER_LEAGUE),
    "credit-office": f.CREDIT_OFFICE,
    "far-credit": replace(
        f.CREDIT_OFFICE, subject="far-credit-officer", body=f"{OTHER_LEAGUE}-04", division=OTHER_LEAGUE
    ),
    "desk": _officer(f.WINDOW, "desk", Role.WINDOW, division=f.LEAGUE, body=f"{f.LEAGUE}-90"),
    "places": places.MANAGER,
    "places-colleague": replace(places.MANAGER, subject="places-colleague"),
    "far-places": replace(places.MANAGER, subject="far-places", body=f"{OTHER_LEAGUE}-90", division=OTHER_LEAGUE),
    "bureau": places.BUREAU,
    "region-bureau": replace(places.REGION_BUREAU, roles=frozenset({Role.BUREAU, Role.PLACES})),
    "far-bureau": replace(places.BUREAU, subject="far-bureau", body=f"{OTHER_LEAGUE}-90", division=OTHER_LEAGUE),
    "supervisor": f.SUPERVISOR,
    "local-supervisor": replace(f.SUPERVISOR, subject="local-supervisor", division=f.BANNER),
    "other-supervisor": replace(f.SUPERVISOR, subject="other-supervisor", division=OTHER_LEAGUE),
}
"""By the names that the tables use."""
