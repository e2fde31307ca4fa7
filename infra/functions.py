"""Every Lambda function of the product and what it is given: memory, time, and the resources it may use.

Which functions exist, under which handler and fed by what, is read from the code (``edge.functions.REGISTRY``
and the app itself). What stands here once, and nowhere else, is ``USES``: the resources each of them needs.
Environment, policies, event sources and alarms all follow from the two.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from chalice.utils import to_cfn_resource_name

from app import app as chalice_app
from chalicelib.edge.functions import REGISTRY, Source

API_HANDLER = "api_handler"
API_TIMEOUT = 15  # API Gateway gives up after 29 s; a caller should hear earlier, from us
AUTHORIZER_TIMEOUT = 10
MEMORY = 512  # half of it is a vCPU's share: cold starts are import time, and imports are CPU


class Use(StrEnum):
    """Something a function does with a resource. ``infra.policies`` says what IAM calls it."""

    READ_CASES = "read cases"
    CHANGE_CASES = "change cases"
    NUMBER_CASES = "draw the next number of an item and day"
    LIST_CASES = "query the listing index"
    READ_AUTHORITIES = "read authorities"
    CHANGE_AUTHORITIES = "change authorities"
    ASK_PAYMENTS = "ask the payment provider"
    READ_ENQUIRIES = "read enquiries"
    CHANGE_ENQUIRIES = "change enquiries"
    READ_MANDATES = "read mandates of chief representatives"
    CHANGE_MANDATES = "change mandates of chief representatives"
    READ_OUTAGES = "read failures of the platform"
    CHANGE_OUTAGES = "change failures of the platform"
    READ_CERTIFICATES = "read certificates"
    WRITE_CERTIFICATES = "create, replace and annul certificates"
    READ_CREDIT = "read credit files"
    CHANGE_CREDIT = "add to credit files"
    READ_CONTACTS = "read contacts"
    CHANGE_CONTACTS = "change contacts"
    READ_MESSAGES = "read messages"
    CHANGE_MESSAGES = "change messages"
    TAKE_REPORTS = "verify and take what providers tell later"
    SEND_SMS = "hand text messages to their provider"
    SEND_POST = "hand letters to their provider"
    OPEN_KEYS = "read and unwrap data keys"
    MAKE_KEYS = "make data keys"
    DESTROY_KEYS = "destroy data keys, and what else names people"
    READ_HEADS = "list how far the logs go"
    ANCHOR = "keep anchors of the logs"
    READ_APPOINTMENTS = "read appointments, queues and visits"
    CHANGE_APPOINTMENTS = "change appointments, queues and visits"
    SET_BOOKING_TERMS = "set terms of booking"
    READ_RECEIPTS = "read receipts of keyed requests"
    STORE_TOKENS = "store task tokens"
    REPORT_TOKENS = "read and forget task tokens"
    READ_DUE = "query the due index"
    SET_TIMERS = "set and clear timers"
    READ_OUTBOX = "query the outbox"
    CLEAR_OUTBOX = "delete outbox rows"
    READ_CATALOG = "read the catalogue"
    READ_PLACES = "read places"
    LIST_PLACES = "query the listing index of places"
    CHANGE_PLACES = "change places and their proposals"
    PUBLISH = "publish on the bus"
    START_WORKFLOWS = "start executions"
    INSPECT_WORKFLOWS = "look at executions"
    REPORT_TASKS = "report finished tasks"
    RECEIVE_UPLOADS = "let files into quarantine, judge them, keep the clean ones"
    SERVE_UPLOADS = "hand out kept files"
    REMOVE_UPLOADS = "remove files"
    SCAN_UPLOADS = "ask the scanner"
    SIGN = "sign with the seal"
    VERIFY = "verify seals"
    SIGN_CURSORS = "read the cursor secret"
    SIGN_PRESENCE = "read the secret of presence codes, and remember which were used"
    KNOW_ISSUER = "know the OIDC issuer"
    KNOW_ADDRESS = "know the public address"


# A command first records what time has brought about: for that it needs the law of the case, and numbers.
_COMMANDS = (
    Use.READ_CASES,
    Use.CHANGE_CASES,
    Use.OPEN_KEYS,
    Use.NUMBER_CASES,
    Use.READ_CATALOG,
    Use.READ_OUTAGES,
)
_ISSUING = (*_COMMANDS, Use.WRITE_CERTIFICATES, Use.SIGN)
# Looking after a case repairs whatever came apart: what any of the consumers does, it does as well.
_LOOKING_AFTER = (
    *_ISSUING,
    Use.READ_CREDIT,
    Use.CHANGE_CREDIT,
    Use.MAKE_KEYS,
    Use.READ_DUE,
    Use.REPORT_TOKENS,
    Use.START_WORKFLOWS,
    Use.INSPECT_WORKFLOWS,
    Use.REPORT_TASKS,
)

_TELLING = (
    Use.READ_CONTACTS,
    Use.CHANGE_CONTACTS,
    Use.READ_MESSAGES,
    Use.CHANGE_MESSAGES,
    Use.SEND_SMS,
    Use.SEND_POST,
    Use.READ_CERTIFICATES,
    Use.SET_TIMERS,
    Use.KNOW_ADDRESS,
)

# Whose seat follows from hours, and hours from places and the calendar.
_REBOOKING = (
    Use.READ_APPOINTMENTS,
    Use.CHANGE_APPOINTMENTS,
    Use.OPEN_KEYS,
    Use.READ_PLACES,
    Use.READ_CATALOG,
)

USES: dict[str, tuple[Use, ...]] = {
    API_HANDLER: (
        *_COMMANDS,
        Use.READ_CREDIT,
        Use.CHANGE_CREDIT,
        Use.WRITE_CERTIFICATES,
        Use.SIGN,
        Use.READ_CONTACTS,
        Use.CHANGE_CONTACTS,
        Use.READ_MESSAGES,
        Use.CHANGE_MESSAGES,
        Use.SEND_SMS,
        Use.TAKE_REPORTS,
        Use.MAKE_KEYS,
        Use.LIST_CASES,
        Use.READ_AUTHORITIES,
        Use.CHANGE_AUTHORITIES,
        Use.ASK_PAYMENTS,
        Use.READ_ENQUIRIES,
        Use.CHANGE_ENQUIRIES,
        Use.READ_MANDATES,
        Use.CHANGE_MANDATES,
        Use.CHANGE_OUTAGES,
        Use.READ_CERTIFICATES,
        Use.READ_APPOINTMENTS,
        Use.CHANGE_APPOINTMENTS,
        Use.SET_BOOKING_TERMS,
        Use.READ_RECEIPTS,
        Use.READ_PLACES,
        Use.LIST_PLACES,
        Use.CHANGE_PLACES,
        Use.RECEIVE_UPLOADS,
        Use.SERVE_UPLOADS,
        Use.REMOVE_UPLOADS,
        Use.SCAN_UPLOADS,
        Use.VERIFY,
        Use.SIGN_CURSORS,
        Use.SIGN_PRESENCE,
        Use.KNOW_ADDRESS,
    ),
    "anchor_logs": (Use.READ_HEADS, Use.ANCHOR, Use.SIGN),
    "authorize": (Use.KNOW_ISSUER,),
    "follow_appointments": (*_REBOOKING, *_TELLING),
    "follow_places": _REBOOKING,
    "follow_visits": (Use.READ_APPOINTMENTS, Use.OPEN_KEYS, *_TELLING),
    "open_node": (*_COMMANDS, Use.STORE_TOKENS),
    "relay_outbox": (Use.CLEAR_OUTBOX, Use.PUBLISH),
    "sweep_outbox": (Use.READ_OUTBOX, Use.CLEAR_OUTBOX, Use.PUBLISH),
    "start_workflows": (Use.READ_CASES, Use.OPEN_KEYS, Use.SET_TIMERS, Use.START_WORKFLOWS),
    "open_check": (*_COMMANDS, Use.STORE_TOKENS),
    "record_credit": (
        Use.READ_CASES,
        Use.OPEN_KEYS,
        Use.READ_CATALOG,
        Use.READ_CREDIT,
        Use.CHANGE_CREDIT,
        Use.MAKE_KEYS,
    ),
    "report_tasks": (Use.READ_CASES, Use.OPEN_KEYS, Use.REPORT_TOKENS, Use.REPORT_TASKS),
    "issue_certificates": (*_ISSUING, Use.READ_CERTIFICATES),
    "send_messages": (Use.READ_CASES, Use.OPEN_KEYS, Use.READ_CATALOG, Use.READ_OUTAGES, *_TELLING),
    "sweep_timers": (*_LOOKING_AFTER, *_TELLING, Use.REMOVE_UPLOADS, Use.DESTROY_KEYS),
    "reconcile": (*_LOOKING_AFTER, *_TELLING),
}


@dataclass(frozen=True, slots=True)
class Function:
    """One Lambda function as it is deployed. ``source`` is None for the API and its authorizer."""

    name: str
    handler: str
    timeout: int
    uses: tuple[Use, ...]
    source: Source | None = None

    @property
    def logical_id(self) -> str:
        """Its name in the template, by Chalice's own rule."""
        return "APIHandler" if self.name == API_HANDLER else str(to_cfn_resource_name(self.name))


@cache
def functions() -> dict[str, Function]:
    """All functions by name: the API, its authorizers, and everything that the blueprints registered.

    Raises LookupError when code and table disagree, in either direction.
    """
    declared: dict[str, tuple[str, int, Source | None]] = {API_HANDLER: ("app.app", API_TIMEOUT, None)}
    for authorizer in chalice_app.builtin_auth_handlers:
        declared[authorizer.name] = (authorizer.handler_string, AUTHORIZER_TIMEOUT, None)
    for spec in REGISTRY.values():
        declared[spec.name] = (spec.handler, spec.timeout, spec.source)
    if declared.keys() != USES.keys():
        surplus, missing = sorted(USES.keys() - declared.keys()), sorted(declared.keys() - USES.keys())
        raise LookupError(f"infra.functions.USES and the code disagree: not declared {surplus}, not listed {missing}")
    return {
        name: Function(name, handler, timeout, USES[name], source)
        for name, (handler, timeout, source) in sorted(declared.items())
    }
