"""Telling, and looking whether everything was told that should have been (H0).

A hint of an event can be lost for good: it exhausts its tries while a provider is away, and lies in the dead letters.
The log still says what happened, and the inbox what was told of it. As long as a case is watched the two are compared.
"""

from __future__ import annotations

from chalicelib.domain import messages as rules
from chalicelib.domain.errors import Unavailable
from chalicelib.domain.messages import Message
from chalicelib.services import messages, reminders, workflow
from chalicelib.services.message_ports import MessagePorts
from chalicelib.services.ports import Timer
from chalicelib.services.workflow import WATCH, WATCH_EVERY, Finding


def tell(ports: MessagePorts, case_id: str, number: int, kind: str) -> Message | None:
    """Tell the applicant of an event, and plan the reminder of the date that it sets. Repeating it is harmless.

    None for an event that nobody is told of. Raises Unavailable while a delivery is to be tried again.
    """
    if kind in reminders.SETTING:
        reminders.plan(ports, case_id)
    return messages.tell(ports, case_id, number)


def catch_up(ports: MessagePorts, case_id: str) -> bool:
    """Tell what nobody was told of, and send what was never sent; True once nothing of that is left.

    What is on its way in the queue may be told here first: the message has the same id, and is sent under the same key.
    """
    if ports.cases.get(case_id) is None:
        return True
    there = {message.id: message for message in ports.messages.of_case(case_id)}
    complete = True
    for record in ports.cases.log(case_id):
        message = there.get(rules.id_of_event(case_id, record.number))
        if record.event.type not in rules.TELLING or (message is not None and not message.pending):
            continue
        try:
            tell(ports, case_id, record.number, record.event.type)
        except Unavailable:
            complete = False
    return complete


def watch(ports: MessagePorts, case_id: str) -> Finding:
    """Look after a watched case and what is told of it: as long as something is untold it stays watched."""
    finding = workflow.watch(ports, case_id)
    told = False
    try:
        told = catch_up(ports, case_id)
    finally:
        if not told:
            ports.cases.set_timer(Timer(case_id, WATCH, ports.clock.now() + WATCH_EVERY))
    return finding
