"""What stands beside cases: authorities, enquiries, contacts, messages, presence, uploads, calendar, catalogue."""

from __future__ import annotations

import copy
from dataclasses import replace
from datetime import timedelta
from typing import Any

from chalicelib.domain.calendar import Calendar
from chalicelib.domain.enquiries import Question
from chalicelib.domain.erasure import Ground
from chalicelib.domain.webhooks import Signed
from chalicelib.services import (
    accesses,
    authorities,
    calendar,
    cases,
    catalog_publish,
    contacts,
    delivery_reports,
    enquiries,
    erasure,
    messages,
    presence,
    uploads,
)
from chalicelib.services.delivery_reports import Report
from chalicelib.storage.calendar import packaged
from chalicelib.storage.catalog_files import packaged_bodies, packaged_files
from tests import factories as f
from tests.journey import submitted as filed
from tests.proof.journeys import Act, authorised, begin, drafted, journey, received
from tests.proof.stack import QUARANTINE, Stack
from tests.unit.test_delivery_reports import OTHER as FURTHER
from tests.unit.test_enquiries import OTHER, OWNER, asked, offered
from tests.unit.test_messages import HOME, SECOND, last_code
from tests.unit.test_presence import PERSON, provisional, receipt
from tests.unit.test_uploads import PDF, announced, stored
from tests.upload_files import wish

# -- authorities ------------------------------------------------------------------------------------------------


@journey
def propose_authority(stack: Stack) -> Act:
    begin(stack)
    asked_for: Any = {"principal": "herder", "items": (f.BASIC,), "until": f.START + timedelta(days=300)}
    return Act(lambda w, key: authorities.propose(w, f.AGENT, **asked_for, key=key))


@journey
def confirm_authority(stack: Stack) -> Act:
    begin(stack)
    until = f.START + timedelta(days=300)
    made = authorities.propose(stack, f.AGENT, principal=f.HERDER.subject, items=(f.BASIC,), until=until)
    return Act(lambda w, key: authorities.confirm(w, f.HERDER, made.id, key=key))


@journey
def revoke_authority(stack: Stack) -> Act:
    authority = authorised(stack)
    return Act(lambda w, key: authorities.revoke(w, f.HERDER, authority, key=key))


# -- enquiries ---------------------------------------------------------------------------------------------------


@journey
def ask(stack: Stack) -> Act:
    begin(stack)
    question = Question("需要什么材料?", f.BASIC, "13800000000")
    return Act(lambda w, key: enquiries.ask(w, OWNER, question, key=key))


@journey
def offer_enquiry(stack: Stack) -> Act:
    begin(stack)
    made = asked(stack)
    told = {"officer": "", "body": f.BANNER_BUREAU.id, "reason": "x"}
    return Act(lambda w, key: enquiries.offer(w, OWNER, made, **told, key=key))


@journey
def take_enquiry(stack: Stack) -> Act:
    begin(stack)
    made = offered(stack)
    return Act(lambda w, key: enquiries.take(w, OTHER, made, key=key))


@journey
def decline_enquiry(stack: Stack) -> Act:
    begin(stack)
    made = offered(stack, OTHER.subject)
    return Act(lambda w, key: enquiries.decline(w, OTHER, made, reason="x", key=key))


@journey
def answer_enquiry(stack: Stack) -> Act:
    begin(stack)
    made = asked(stack)
    return Act(lambda w, key: enquiries.answer(w, OWNER, made, text="两份", key=key))


@journey
def close_enquiry(stack: Stack) -> Act:
    begin(stack)
    made = asked(stack)
    return Act(lambda w, key: enquiries.close(w, OWNER, made, reason="x", key=key))


@journey
def link_enquiry(stack: Stack) -> Act:
    case_id = received(stack)
    made = asked(stack)
    return Act(lambda w, key: enquiries.link(w, OWNER, made, case_id=case_id, key=key))


# -- contacts and messages -----------------------------------------------------------------------------------------


@journey
def add_number(stack: Stack) -> Act:
    begin(stack)
    return Act(lambda w, key: contacts.add(w, f.HERDER, number=SECOND, key=key))


@journey
def add_first_address(stack: Stack) -> Act:
    begin(stack)
    return Act(lambda w, key: contacts.add(w, f.STRANGER, address=HOME, key=key))


@journey
def renew_code(stack: Stack) -> Act:
    begin(stack)
    made = contacts.add(stack, f.HERDER, number=SECOND)
    stack.clock.advance(minutes=5)
    return Act(lambda w, key: contacts.renew_code(w, f.HERDER, made.id, key=key))


@journey
def confirm_number(stack: Stack) -> Act:
    begin(stack)
    made = contacts.add(stack, f.HERDER, number=SECOND)
    told = {"code": last_code(stack), "correct": False}
    return Act(lambda w, key: contacts.confirm(w, f.HERDER, made.id, **told, key=key))


@journey
def remove_contact(stack: Stack) -> Act:
    begin(stack)
    (contact,) = stack.contacts.get(f.HERDER.subject).contacts
    return Act(lambda w, key: contacts.remove(w, f.HERDER, contact.id, key=key))


@journey
def mark_read(stack: Stack) -> Act:
    received(stack)
    message = messages.mine(stack, f.HERDER, None, 5).items[0]
    return Act(lambda w, key: messages.mark_read(w, f.HERDER, message.id, key=key))


# -- uploads ---------------------------------------------------------------------------------------------------------


def posted(stack: Stack, content: bytes = PDF) -> str:
    """Announced, and the file lies in quarantine."""
    upload_id = announced(stack, drafted(stack), PDF)
    stack.s3.put_object(Bucket=QUARANTINE, Key=stored(stack, upload_id).object_key, Body=content)
    return upload_id


@journey
def announce_upload(stack: Stack) -> Act:
    case_id = drafted(stack)
    return Act(lambda w, key: uploads.announce(w, f.HERDER, case_id, wish(PDF), key))


@journey
def finalise_upload(stack: Stack) -> Act:
    upload_id = posted(stack)
    return Act(lambda w, key: uploads.finalise(w, f.HERDER, upload_id, key))


@journey
def finalise_an_upload_of_other_content(stack: Stack) -> Act:
    upload_id = posted(stack, PDF + b" ")
    return Act(lambda w, key: uploads.finalise(w, f.HERDER, upload_id, key))


@journey
def uploads_nobody_finished(stack: Stack) -> Act:
    posted(stack)
    stack.clock.advance(days=2)
    return Act.schedule("sweep_timers")


@journey
def erase_a_person_with_files(stack: Stack) -> Act:
    upload_id = posted(stack)
    uploads.finalise(stack, f.HERDER, upload_id)
    case_id = upload_id.partition("-")[0]
    cases.discard_draft(stack, case_id, actor=f.HERDER, reason="x")
    stack.settle()
    return Act(lambda w, key: _erased(w, case_id))


def _erased(w: Any, case_id: str) -> None:
    """What an operator does who was not answered: look whether it is done."""
    if w.cases.get(case_id) is not None:
        erasure.erase_person(w, case_id, Ground.REQUEST)


# -- calendar and catalogue --------------------------------------------------------------------------------------------


@journey
def publish_year(stack: Stack) -> Act:
    begin(stack)
    year = next(iter(packaged().years.values()))
    return Act(lambda w, key: _no_receipt(calendar.publish_year(w.years, Calendar(), w.clock, year)))


@journey
def publish_catalog(stack: Stack) -> Act:
    """The second release: one promise has changed."""
    files, bodies = packaged_files(), packaged_bodies()

    def build() -> None:
        begin(stack)
        catalog_publish.publish(stack.catalog_store, stack.clock, files, bodies)

    stack.remembered("published", build)
    changed = copy.deepcopy(files)
    own = changed["demo"]["items"]["homestead-approval"]
    own["promised_limit"], own["version"] = [9, "workday"], 2
    publish = catalog_publish.publish
    return Act(lambda w, key: _no_receipt(publish(w.catalog_store, w.clock, changed, bodies)))


def _no_receipt(done: object) -> None:
    """An operator's command has no key; doing it again changes nothing."""


# -- reading what is another's leaves a record --------------------------------------------------------------------


def clean_upload(stack: Stack) -> str:
    """Found clean, with a case that an officer may see."""
    upload_id = posted(stack)
    uploads.finalise(stack, f.HERDER, upload_id)
    return upload_id


@journey
def fetch_a_file(stack: Stack) -> Act:
    upload_id = clean_upload(stack)
    return Act(lambda w, key: _no_receipt(uploads.link(w, f.HERDER, upload_id)))


@journey
def look_at_an_upload(stack: Stack) -> Act:
    upload_id = clean_upload(stack)
    return Act(lambda w, key: _no_receipt(uploads.read(w, f.HERDER, upload_id)))


@journey
def list_uploads(stack: Stack) -> Act:
    case_id = received(stack)
    return Act(lambda w, key: _no_receipt(uploads.of_case(w, f.WINDOW, case_id)))


@journey
def see_who_has_read(stack: Stack) -> Act:
    case_id = received(stack)
    return Act(lambda w, key: _no_receipt(accesses.of_case(w, f.SUPERVISOR, case_id, None, 5)))


# -- what providers tell later -------------------------------------------------------------------------------------


def letter(stack: Stack) -> tuple[Signed, Report]:
    """A letter is on its way, and the herder has a second address; answers the provider's call that it came back."""

    def build() -> str:
        begin(stack)
        for address in (HOME, FURTHER):
            made = contacts.add(stack, f.HERDER, address=address)
            contacts.confirm(stack, f.HERDER, made.id, code="", correct=True)
        stack.post.arrives = False
        case_id = filed(stack)
        stack.settle()
        return case_id

    case_id: str = stack.remembered("letter", build)
    message = stack.messages.of_case(case_id)[0]
    own = next(delivery for delivery in message.deliveries if delivery.channel == "post")
    back = Report(f"{message.id}.{own.contact}", own.reference, False, stack.clock.now())
    return Signed("post", "call-1", stack.clock.now()), back


@journey
def a_letter_that_arrives(stack: Stack) -> Act:
    signed, back = letter(stack)
    arrived = replace(back, arrived=True)
    return Act(lambda w, key: _no_receipt(delivery_reports.record(w, signed, arrived)))


@journey
def a_letter_that_comes_back(stack: Stack) -> Act:
    signed, back = letter(stack)
    return Act(lambda w, key: _no_receipt(delivery_reports.record(w, signed, back)))


@journey
def send_to_the_next_address(stack: Stack) -> Act:
    signed, back = letter(stack)
    delivery_reports.record(stack, signed, back)
    return Act.schedule("sweep_timers")


# -- who was at the window -----------------------------------------------------------------------------------------


@journey
def open_draft_with_a_presence_code(stack: Stack) -> Act:
    begin(stack)
    opening = cases.Opening(f.BASIC, f.GACHA, f.Channel.WINDOW, presence=f.presence_of(stack))
    return Act(lambda w, key: cases.open_draft(w, f.WINDOW, opening, key))


@journey
def claim_what_the_window_filed(stack: Stack) -> Act:
    begin(stack)
    case_id = provisional(stack)
    stack.settle()
    number = receipt(stack, case_id)
    return Act(lambda w, key: presence.claim(w, PERSON, number, f.RESIDENT, key=key))
