"""What a window does besides examining: accept on receipt (收件即受理, B6), and hand the result over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalicelib.domain.actors import Actor, ActorKind, Role
from chalicelib.domain.case_events import Event, TaskOpened
from chalicelib.domain.case_rules import DELIVER
from chalicelib.domain.catalog import ImplementationItem, StepRole
from chalicelib.domain.routing import Node, Route

if TYPE_CHECKING:
    from chalicelib.domain.cases import Case

LICENCE = "01"


def accepting_node(route: Route) -> Node:
    """The node that accepts; every route has one."""
    return next(node for node in route.nodes if node.role is StepRole.ACCEPT)


def accepts_on_receipt(item: ImplementationItem, route: Route, actor: Actor) -> bool:
    """True where handing in is acceptance: the item is marked so, and a window hands it in that may accept.

    That is a window of the accepting body itself. For items other than licences it is also the window of the outlet
    on the route, which is authorised for it (实施意见 二(二)2(3)); a licence is accepted by the organ alone
    (行政许可法 24).
    """
    if not item.accept_on_receipt or actor.kind is not ActorKind.OFFICER or Role.WINDOW not in actor.roles:
        return False
    if actor.body == accepting_node(route).body:
        return True
    receiving = route.nodes[0]
    return item.type_code != LICENCE and receiving.role is StepRole.RECEIVE and receiving.body == actor.body


def handing_over(case: Case) -> tuple[Event, ...]:
    """At a window, handing the result over is somebody's task: there where the application came in."""
    if case.delivery != "window":
        return ()
    first = case.route.nodes[0]
    return (TaskOpened(case.tasks + 1, len(case.route.nodes), DELIVER, first.body),)


def without_outlet(route: Route, actor: Actor) -> Route:
    """The route without a receiving stop, where the accepting body's own window has received."""
    if actor.body != accepting_node(route).body:
        return route
    return Route(tuple(node for node in route.nodes if node.role is not StepRole.RECEIVE))
