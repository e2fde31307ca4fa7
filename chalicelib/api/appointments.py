"""Appointments (预约): slots of a place, booking, the waiting list, giving back, checking in."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from chalicelib import wiring
from chalicelib.api import views
from chalicelib.domain.appointments import Appointment
from chalicelib.domain.queueing import Priority
from chalicelib.edge.api import ApiBlueprint, Auth, Reply, Request, receipt_reply
from chalicelib.services import appointments, queues
from chalicelib.services.appointments import Wish

bp = ApiBlueprint(__name__, tag="appointments")

_PLACE = ("place.not-found", "place.closed", "appointment.item-not-served")
_BOOKING = (
    *_PLACE,
    "appointment.not-taken-here",
    "appointment.no-such-slot",
    "appointment.past",
    "appointment.too-early",
    "appointment.too-late",
    "appointment.barred",
    "appointment.item-twice",
    "appointment.not-for-others",
    "appointment.applicants-only",
    "appointment.booker-unknown",
    "authority.not-in-force",
    "authority.item-not-covered",
    "store.conflict",
)
_OWN = ("appointment.not-found", "appointment.over", "store.conflict")


@bp.route_v1(
    "GET",
    "/places/{place_id}/slots",
    summary=("查询可预约时段", "What can be booked"),
    auth=Auth.PUBLIC,
    query="appointments/slots_query",
    response="appointments/slots",
    problems=_PLACE,
)
def list_slots(request: Request) -> Reply:
    """The slots of a day in which an item is served, and how many seats are left. None where no bookings are taken."""
    place, item = request.path["place_id"], request.query["item"]
    day = date.fromisoformat(request.query["day"])
    found = appointments.availability(wiring.current(), place, day, item)
    shown = [
        {
            "start": views.instant(slot.start),
            "end": views.instant(slot.end),
            "window": slot.window,
            "service": views.labelled("service_kind", slot.kind),
            "seats": slot.seats,
            "left": left,
            "open": can_be_booked,
            "provisional": slot.provisional,
        }
        for slot, left, can_be_booked in found
    ]
    return Reply({"place": place, "day": day.isoformat(), "item": item, "slots": shown})


@bp.route_v1(
    "POST",
    "/appointments",
    summary=("预约", "Book a seat"),
    request="appointments/wish",
    response="elements/receipt",
    status=201,
    keyed=True,
    problems=(
        *_BOOKING,
        "appointment.full",
        "appointment.double",
    ),
)
def book_appointment(request: Request) -> Reply:
    """For oneself, or by an agent under the applicant's authority. Nobody needs one to be served."""
    start = datetime.fromisoformat(request.body["start"])
    receipt = appointments.book(wiring.current(), request.who, _wish(request), start, key=request.once)
    return receipt_reply(receipt)


@bp.route_v1(
    "POST",
    "/appointments/waiting-list",
    summary=("候补", "Join a waiting list"),
    request="appointments/wait",
    response="elements/receipt",
    status=201,
    keyed=True,
    problems=(*_BOOKING, "appointment.room-left"),
)
def join_waiting_list(request: Request) -> Reply:
    """Of a day whose seats are taken, as far as booking is open. Who waits longest gets the next that is given back."""
    day = date.fromisoformat(request.body["day"])
    receipt = appointments.wait(wiring.current(), request.who, _wish(request), day, key=request.once)
    return receipt_reply(receipt)


@bp.route_v1(
    "GET",
    "/appointments",
    summary=("我的预约", "My appointments"),
    query="elements/query",
    response="appointments/page",
    problems=("request.cursor-invalid",),
)
def list_appointments(request: Request) -> Reply:
    """Newest first, those that are over too. An agent's are those booked under an authority that is in force."""
    page = appointments.mine(wiring.current(), request.who, request.position(), request.limit)
    return Reply({"items": [_view(found) for found in page.items], "next": request.cursor(page.next)})


@bp.route_v1(
    "GET",
    "/appointments/{appointment_id}",
    summary=("查看预约", "Read an appointment"),
    response="appointments/appointment",
    problems=("appointment.not-found",),
)
def read_appointment(request: Request) -> Reply:
    """For whom it is, who booked it for them, and the staff of the place."""
    found = appointments.read(wiring.current(), request.who, request.path["appointment_id"])
    return Reply(_view(found), etag=found.version)


@bp.route_v1(
    "POST",
    "/appointments/{appointment_id}/cancellation",
    summary=("取消预约", "Give an appointment back"),
    response="elements/receipt",
    keyed=True,
    problems=(*_OWN, "appointment.cancel-too-late", "appointment.applicants-only"),
)
def cancel_appointment(request: Request) -> Reply:
    """Or a place in the waiting list. Whom the place moved may do so until it begins."""
    receipt = appointments.cancel(wiring.current(), request.who, request.path["appointment_id"], key=request.once)
    return receipt_reply(receipt)


@bp.route_v1(
    "POST",
    "/appointments/{appointment_id}/check-in",
    summary=("签到", "Check in"),
    request="appointments/check_in",
    response="elements/receipt",
    keyed=True,
    problems=(*_OWN, "place.closed", "place.staff-only", "appointment.check-in-too-early", "appointment.missed"),
)
def check_in(request: Request) -> Reply:
    """By the staff of the place, who see that the person is there. They get a number that counts from their slot on."""
    receipt = queues.check_in(
        wiring.current(),
        request.who,
        request.path["appointment_id"],
        priority_in(request),
        key=request.once,
    )
    return receipt_reply(receipt)


def priority_in(request: Request) -> Priority | None:
    """The ground of priority that the desk was shown; it is kept nowhere."""
    ground = request.body.get("priority")
    return Priority(ground) if ground else None


def _wish(request: Request) -> Wish:
    body = request.body
    return Wish(body["place"], body["item"], body.get("principal", ""), body.get("authority", ""))


def _view(found: Appointment) -> dict[str, Any]:
    ports = wiring.current()
    state = found.standing(ports.clock.now())
    return {
        "id": found.id,
        "version": found.version,
        "state": views.labelled("appointment", state),
        "item": found.errand.item,
        "item_name": found.errand.name,
        "place": found.place,
        "place_name": found.place_name,
        "day": found.day.isoformat(),
        "start": views.instant(found.start),
        "end": views.instant(found.end),
        "window": found.window,
        "service": views.labelled("service_kind", found.kind) if found.kind else None,
        "booker": found.booker.name,
        "by_agent": bool(found.booker.agent),
        "made_at": views.instant(found.made_at),
        "check_in_from": views.instant(found.check_in_from),
        "missed_at": views.instant(found.missed_at),
        "cancel_until": views.instant(found.cancel_until(ports.calendar.current())),
        "moved_from": views.instant(found.moved_from),
        "number": found.ticket or None,
    }
