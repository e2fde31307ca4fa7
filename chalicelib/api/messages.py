"""An applicant's contacts, and the messages that they were sent."""

from __future__ import annotations

from typing import Any

from chalicelib import wiring
from chalicelib.api import views
from chalicelib.domain.contacts import Contact, PostalAddress
from chalicelib.domain.messages import Delivery, Message
from chalicelib.edge.api import ApiBlueprint, Reply, Request, receipt_reply
from chalicelib.services import contacts, messages

bp = ApiBlueprint(__name__, tag="messages")

_NOT_YOURS = "contact.applicants-only"
_NO_CONTACT = "contact.not-found"
_NO_MESSAGE = "message.not-found"


@bp.route_v1(
    "POST",
    "/contacts",
    summary=("登记联系方式", "Enter a contact"),
    request="messages/entry",
    response="elements/receipt",
    status=201,
    keyed=True,
    problems=(
        _NOT_YOURS,
        "contact.channel",
        "contact.too-many",
        "contact.known",
        "contact.too-many-codes",
        "store.conflict",
    ),
)
def add_contact(request: Request) -> Reply:
    """A mobile number, which is sent a code of six digits, or a postal address. Both have still to be confirmed."""
    body = request.body
    address = PostalAddress(**body["address"]) if "address" in body else None
    number = body.get("number", "")
    return receipt_reply(contacts.add(wiring.current(), request.who, number=number, address=address, key=request.once))


@bp.route_v1(
    "GET",
    "/contacts",
    summary=("我的联系方式", "My contacts"),
    response="messages/contacts",
    problems=(_NOT_YOURS,),
)
def list_contacts(request: Request) -> Reply:
    """Masked: enough to know each one again."""
    book = contacts.of(wiring.current(), request.who)
    return Reply({"items": [_contact(contact) for contact in book.contacts]})


@bp.route_v1(
    "POST",
    "/contacts/{contact_id}/confirmation",
    summary=("确认联系方式", "Confirm a contact"),
    request="messages/confirmation",
    response="elements/receipt",
    keyed=True,
    problems=(
        _NOT_YOURS,
        _NO_CONTACT,
        "contact.confirmed",
        "contact.code-missing",
        "contact.code-expired",
        "contact.code-used-up",
        "contact.code-wrong",
        "contact.confirmation-missing",
        "store.conflict",
    ),
)
def confirm_contact(request: Request) -> Reply:
    """A number by the code that was sent to it (ten minutes, five tries); an address by saying that it is correct."""
    receipt = contacts.confirm(
        wiring.current(),
        request.who,
        request.path["contact_id"],
        code=request.body.get("code", ""),
        correct=request.body.get("correct", False),
        key=request.once,
    )
    return receipt_reply(receipt)


@bp.route_v1(
    "POST",
    "/contacts/{contact_id}/code",
    summary=("重新获取验证码", "Send another code"),
    response="elements/receipt",
    keyed=True,
    problems=(_NOT_YOURS, _NO_CONTACT, "contact.no-code-needed", "contact.too-many-codes", "store.conflict"),
)
def renew_code(request: Request) -> Reply:
    """The code before it no longer counts."""
    return receipt_reply(
        contacts.renew_code(wiring.current(), request.who, request.path["contact_id"], key=request.once)
    )


@bp.route_v1(
    "POST",
    "/contacts/{contact_id}/removal",
    summary=("删除联系方式", "Remove a contact"),
    response="elements/receipt",
    keyed=True,
    problems=(_NOT_YOURS, _NO_CONTACT, "store.conflict"),
)
def remove_contact(request: Request) -> Reply:
    """Nothing is sent there any more, not even what is under way to it."""
    return receipt_reply(contacts.remove(wiring.current(), request.who, request.path["contact_id"], key=request.once))


@bp.route_v1(
    "GET",
    "/messages",
    summary=("我的消息", "My messages"),
    query="cases/listing",
    response="messages/page",
    problems=(_NOT_YOURS, "request.cursor-invalid"),
)
def list_messages(request: Request) -> Reply:
    """Newest first."""
    page = messages.mine(wiring.current(), request.who, request.position(), request.limit)
    return Reply({"items": [_message(m) for m in page.items], "next": request.cursor(page.next)})


@bp.route_v1(
    "GET",
    "/messages/{message_id}",
    summary=("查看消息", "Read a message"),
    response="messages/message",
    problems=(_NOT_YOURS, _NO_MESSAGE),
)
def read_message(request: Request) -> Reply:
    """With the record of each delivery. Looking at it does not mark it as read."""
    message = messages.get(wiring.current(), request.who, request.path["message_id"])
    return Reply(_message(message), etag=message.version)


@bp.route_v1(
    "POST",
    "/messages/{message_id}/read",
    summary=("标为已读", "Mark a message as read"),
    response="elements/receipt",
    keyed=True,
    problems=(_NOT_YOURS, _NO_MESSAGE, "store.conflict"),
)
def mark_message_read(request: Request) -> Reply:
    """The first time counts; where the item's version says so, it is the moment at which the person counts as told."""
    return receipt_reply(
        messages.mark_read(wiring.current(), request.who, request.path["message_id"], key=request.once)
    )


def _contact(contact: Contact) -> dict[str, Any]:
    return {
        "id": contact.id,
        "channel": views.labelled("contact", contact.channel),
        "shown": contact.shown,
        "confirmed_at": views.instant(contact.confirmed_at),
        "failed_at": views.instant(contact.failed_at),
        "code_sent_at": views.instant(contact.code.sent_at if contact.code else None),
    }


def _message(message: Message) -> dict[str, Any]:
    group = "reminder" if message.kind.startswith("reminder.") else "event"
    return {
        "id": message.id,
        "version": message.version,
        "case": message.case_id,
        "kind": views.labelled(group, message.kind),
        "text": {"zh": message.text.zh, "en": message.text.en},
        "created_at": views.instant(message.created_at),
        "read_at": views.instant(message.read_at),
        "told_by": views.labelled("told_by", message.told_by),
        "told_at": views.instant(message.told_at),
        "deliveries": [_delivery(d) for d in message.deliveries],
    }


def _delivery(delivery: Delivery) -> dict[str, Any]:
    return {
        "channel": views.labelled("contact", delivery.channel),
        "contact": delivery.contact,
        "outcome": views.labelled("delivery", delivery.outcome),
        "attempts": delivery.attempts,
        "last_at": views.instant(delivery.last_at),
        "reason": delivery.reason,
    }
