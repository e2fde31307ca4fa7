"""The queue of a place on the day (叫号), with the priority lane (绿色通道), and a place's terms of booking."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from chalicelib import wiring
from chalicelib.api import views
from chalicelib.api.appointments import priority_in
from chalicelib.domain.booking_rules import BookingRule, BookingTerms, Mark, MarkUnit, NoShowRule
from chalicelib.domain.errors import NotFound
from chalicelib.domain.opening_hours import ServiceKind
from chalicelib.edge.api import ApiBlueprint, Auth, Reply, Request, receipt_reply
from chalicelib.services import appointments, queues

bp = ApiBlueprint(__name__, tag="appointments")

_STAFF = ("place.not-found", "place.closed", "place.staff-only", "store.conflict")


@bp.route_v1(
    "GET",
    "/places/{place_id}/queue",
    summary=("当日排队", "Today's queue"),
    auth=Auth.PUBLIC,
    response="appointments/queue",
    problems=("place.not-found", "place.closed"),
)
def read_queue(request: Request) -> Reply:
    """The numbers being called, and those that wait with an estimate. Nothing says who anybody is."""
    place = request.path["place_id"]
    day, called, waiting = queues.queue(wiring.current(), place)
    shown = {
        "place": place,
        "day": day.isoformat(),
        "called": [{"number": ticket.number, "window": ticket.window} for ticket in called],
        "waiting": [
            {
                "number": found.ticket.number,
                "windows": list(found.ticket.windows),
                "ahead": found.ahead,
                "minutes": found.minutes,
                "from": views.instant(found.ticket.due),
            }
            for found in waiting
        ],
    }
    return Reply(shown)


@bp.route_v1(
    "POST",
    "/places/{place_id}/queue",
    summary=("取号", "Take a number"),
    request="appointments/number",
    response="elements/receipt",
    status=201,
    keyed=True,
    problems=(*_STAFF, "queue.closed", "appointment.item-not-served"),
)
def take_number(request: Request) -> Reply:
    """Given by the staff to whoever is there, without appointment, as long as the place is open."""
    receipt = queues.take_number(
        wiring.current(),
        request.who,
        request.path["place_id"],
        request.body["item"],
        priority_in(request),
        key=request.once,
    )
    return receipt_reply(receipt)


@bp.route_v1(
    "POST",
    "/places/{place_id}/queue/calls",
    summary=("叫号", "Call the next"),
    request="appointments/call",
    response="elements/receipt",
    keyed=True,
    problems=(*_STAFF, "queue.empty", "queue.window-unknown"),
)
def call_next(request: Request) -> Reply:
    """The number whose turn it is at a window. Priority reorders and never excludes."""
    receipt = queues.call_next(
        wiring.current(), request.who, request.path["place_id"], request.body["window"], key=request.once
    )
    return receipt_reply(receipt)


@bp.route_v1(
    "POST",
    "/places/{place_id}/queue/{queue_number}/closing",
    summary=("办结或过号", "Close a number"),
    request="appointments/closing",
    response="elements/receipt",
    keyed=True,
    problems=(*_STAFF, "queue.number-unknown", "queue.not-called"),
)
def close_number(request: Request) -> Reply:
    """Who was called was served, or did not come."""
    told = request.path["queue_number"]
    if not (told.isascii() and told.isdigit() and len(told) <= 9):
        raise NotFound.because("queue.number-unknown")
    receipt = queues.close_ticket(
        wiring.current(), request.who, request.path["place_id"], int(told), request.body["served"], key=request.once
    )
    return receipt_reply(receipt)


@bp.route_v1(
    "GET",
    "/places/{place_id}/booking-terms",
    summary=("预约规则", "The terms of booking"),
    auth=Auth.PUBLIC,
    response="appointments/agreed",
    problems=("place.not-found", "place.closed", "booking-terms.none"),
)
def read_booking_terms(request: Request) -> Reply:
    """A place without any takes no bookings: one comes as one is."""
    found = appointments.read_terms(wiring.current(), request.path["place_id"])
    told = {"place": found.place, "version": found.version, **_shown(found)}
    return Reply(told, etag=found.version)


@bp.route_v1(
    "POST",
    "/places/{place_id}/booking-terms",
    summary=("设置预约规则", "Set the terms of booking"),
    request="appointments/terms",
    response="elements/receipt",
    keyed=True,
    problems=(
        *_STAFF,
        "booking-terms.length",
        "booking-terms.seats",
        "booking-terms.grace",
        "booking-terms.kinds",
        "booking-terms.mark",
        "booking-terms.no-shows",
    ),
)
def set_booking_terms(request: Request) -> Reply:
    """By the head of a body at the place. What is booked stays as it was booked; who waits may find room."""
    terms = _terms(request.path["place_id"], request.body)
    return receipt_reply(appointments.set_terms(wiring.current(), request.who, terms, key=request.once))


def _terms(place: str, body: Any) -> BookingTerms:
    def mark(told: Any) -> Mark:
        return Mark(MarkUnit(told["unit"]), told["number"], told["minute"])

    rules = tuple(
        BookingRule(
            tuple(ServiceKind(kind) for kind in told["kinds"]),
            mark(told["opens"]),
            mark(told["closes"]),
            mark(told["cancels"]),
        )
        for told in body["rules"]
    )
    no_shows = NoShowRule(**body["no_shows"]) if body["no_shows"] else None
    return BookingTerms(
        place, body["follows"], body["minutes"], body["seats"], rules, body["early"], body["grace"], no_shows
    )


def _shown(terms: BookingTerms) -> dict[str, Any]:
    told = asdict(terms)
    return {name: told[name] for name in ("minutes", "seats", "early", "grace", "rules", "no_shows")}
