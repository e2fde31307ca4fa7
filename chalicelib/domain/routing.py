"""The route of a case through the levels: who receives, accepts, reviews and decides, and in whose name (F1).

The standard's steps name levels and departments; the route names bodies. The legal limits of
行政许可法 24 are rules here: for licences only the competent organ or a published entrusted
administrative organ accepts and decides, and every other outlet only receives.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from chalicelib.domain.catalog import Body, BodyKind, ImplementationItem, Limit, RouteStep, StepMode, StepRole
from chalicelib.domain.divisions import ancestor
from chalicelib.domain.errors import Refused, Violation


class Channel(StrEnum):
    """How an application comes in (B1). All of them lead to the same rules."""

    WEB = "web"
    MOBILE = "mobile"
    WINDOW = "window"
    STATION = "station"  # 便民服务站, village or gacha
    TERMINAL = "terminal"
    BANK = "bank"
    POST = "post"


ONLINE = frozenset({Channel.WEB, Channel.MOBILE})
ATTENDED = frozenset({Channel.WINDOW, Channel.STATION, Channel.BANK, Channel.POST})


@dataclass(frozen=True, slots=True)
class Node:
    """One stop of the route. ``in_name_of`` is the organ that answers for the act, ``body`` itself if own."""

    role: StepRole
    body: str
    body_name: str
    division: str
    mode: StepMode
    in_name_of: str
    limit: Limit | None = None
    organ_name: str = ""  # of ``in_name_of``, where that is another than ``body``

    @property
    def signature(self) -> str:
        """The organ whose written act it is: an entrusted one acts in the entrusting organ's name (行政许可法 24)."""
        return f"{self.organ_name}(受委托机关:{self.body_name})" if self.organ_name else self.body_name


@dataclass(frozen=True, slots=True)
class Route:
    """The stops in order. The last one decides."""

    nodes: tuple[Node, ...]


BodyOf = Callable[[str, str], Body | None]
OutletOf = Callable[[str], Body | None]


def plan(item: ImplementationItem, division: str, filed_at: str, *, body_of: BodyOf, outlet_of: OutletOf) -> Route:
    """Name the bodies for a case of ``division``.

    ``filed_at`` is the division of the outlet where the application was handed in; it adds a
    receiving node unless the hall is the accepting body's own. Raises Refused with every step for
    which no body is known, or which the body may not lawfully perform.
    """
    problems: list[Violation] = []
    nodes: list[Node] = []
    for step in item.steps:
        node = _node(step, item, division, body_of, problems)
        if node is not None:
            nodes.append(node)
    if problems:
        raise Refused(*problems)
    outlet = outlet_of(filed_at) if filed_at else None
    if outlet is not None and outlet.id not in {node.body for node in nodes}:
        nodes.insert(0, _receiving(outlet))
    return Route(tuple(nodes))


def _node(
    step: RouteStep, item: ImplementationItem, division: str, body_of: BodyOf, problems: list[Violation]
) -> Node | None:
    place = ancestor(division, step.level)
    if place is None:
        problems.append(Violation("route.division-too-wide", "/division", {"level": int(step.level)}))
        return None
    body = body_of(step.department, place)
    if body is None:
        problems.append(Violation("route.body-unknown", "/division", {"role": step.role, "division": place}))
        return None
    unlawful = _unlawful(step, item, body)
    if unlawful is not None:
        problems.append(unlawful)
    organ = item.body if step.mode is StepMode.ENTRUSTED else body
    named = "" if organ.id == body.id else organ.name
    return Node(step.role, body.id, body.name, body.division, step.mode, organ.id, step.limit, named)


def _unlawful(step: RouteStep, item: ImplementationItem, body: Body) -> Violation | None:
    if step.role not in (StepRole.ACCEPT, StepRole.DECIDE):
        return None
    if body.kind is BodyKind.OUTLET:
        return Violation("route.outlet-only-receives", "", {"role": step.role, "body": body.name})
    if item.type_code != "01" or body.id == item.body.id:
        return None
    if step.mode is StepMode.ENTRUSTED and body.kind is BodyKind.ORGAN:
        return None
    # A lower organ may accept a licence in its own right only where the law itself says so.
    if step.mode is not StepMode.ENTRUSTED and step.role is StepRole.ACCEPT and step.basis is not None:
        return None
    return Violation("route.licence-not-competent", "", {"role": step.role, "body": body.name})


def _receiving(outlet: Body) -> Node:
    return Node(StepRole.RECEIVE, outlet.id, outlet.name, outlet.division, StepMode.OUTLET, outlet.id)
