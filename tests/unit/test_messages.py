"""Telling the applicant: contacts, the inbox, deliveries that fail, the moment that counts, reminders."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib import data
from chalicelib.domain import contacts as rules
from chalicelib.domain.appointments import TOLD
from chalicelib.domain.cases import EVENTS
from chalicelib.domain.catalog import Correction, CorrectionOutcome, ImplementationItem, Limit, LimitUnit, ToldBy
from chalicelib.domain.contacts import Contact, ContactChannel, PostalAddress
from chalicelib.domain.errors import Conflict, Forbidden, Invalid, NotFound, Refused, Unavailable
from chalicelib.domain.messages import ATTEMPTS, REMINDERS, TELLING, Message, Outcome
from chalicelib.domain.visits import TOLD as VISITS_TOLD
from chalicelib.services import certificates, contacts, messages, notices, reminders, tasks, telling
from chalicelib.services.message_ports import Undeliverable
from chalicelib.services.workflow import WATCH, Finding
from chalicelib.storage.memory_messages import MemoryMessages
from chalicelib.storage.message_texts import packaged
from tests import factories as f
from tests import journey

NUMBER, SECOND = "13800000000", "13900000001"
HOME = PostalAddress("其其格", "锡林郭勒盟东乌珠穆沁旗嘎达布其镇1号", "026300")


def world(made: ImplementationItem | None = None) -> f.World:
    return f.World(made)


def with_number(w: f.World, number: str = NUMBER) -> str:
    """The id of a number that the herder entered and confirmed."""
    made = contacts.add(w, f.HERDER, number=number)
    contacts.confirm(w, f.HERDER, made.id, code=last_code(w), correct=False)
    w.sms.sent.clear()
    return made.id


def with_address(w: f.World) -> str:
    made = contacts.add(w, f.HERDER, address=HOME)
    contacts.confirm(w, f.HERDER, made.id, code="", correct=True)
    return made.id


def last_code(w: f.World) -> str:
    found = re.search(r"\d{6}", w.sms.sent[-1][1])
    assert found is not None
    return found[0]


def number_of(w: f.World, case_id: str, kind: str) -> int:
    return next(r.number for r in w.cases.log(case_id) if r.event.type == kind)


def told(w: f.World, case_id: str, kind: str = "case.submitted") -> Message:
    found = messages.tell(w, case_id, number_of(w, case_id, kind))
    assert found is not None
    return found


# -- contacts ----------------------------------------------------------------------------------------------


@pytest.mark.requirement("H0")
def test_a_number_counts_only_after_the_code_that_was_sent_to_it() -> None:
    w = world()
    made = contacts.add(w, f.HERDER, number=NUMBER)
    (to, _, _) = w.sms.sent[0]
    assert to == NUMBER
    assert list(w.contacts.get("herder").usable(ContactChannel.SMS)) == []
    contacts.confirm(w, f.HERDER, made.id, code=last_code(w), correct=False)
    assert [c.id for c in w.contacts.get("herder").usable(ContactChannel.SMS)] == [made.id]


def test_a_code_is_stored_as_a_digest_only() -> None:
    w = world()
    contacts.add(w, f.HERDER, number=NUMBER)
    stored = w.contacts.books["herder"]
    assert last_code(w) not in stored.replace(NUMBER, "")


@pytest.mark.parametrize(("seconds", "code"), [(-1, None), (0, "contact.code-expired"), (1, "contact.code-expired")])
def test_a_code_lasts_ten_minutes(seconds: int, code: str | None) -> None:
    w = world()
    made = contacts.add(w, f.HERDER, number=NUMBER)
    w.clock.at += rules.CODE_LASTS + timedelta(seconds=seconds)
    if code is None:
        contacts.confirm(w, f.HERDER, made.id, code=last_code(w), correct=False)
    else:
        with pytest.raises(Refused, match=code):
            contacts.confirm(w, f.HERDER, made.id, code=last_code(w), correct=False)


def test_a_code_may_be_guessed_at_five_times_and_then_not_even_the_right_one_counts() -> None:
    w = world()
    made = contacts.add(w, f.HERDER, number=NUMBER)
    right = last_code(w)
    wrong = "000000" if right != "000000" else "000001"
    for _ in range(rules.CODE_TRIES):
        with pytest.raises(Refused, match=r"contact\.code-wrong"):
            contacts.confirm(w, f.HERDER, made.id, code=wrong, correct=False)
    with pytest.raises(Refused, match=r"contact\.code-used-up"):
        contacts.confirm(w, f.HERDER, made.id, code=right, correct=False)
    contacts.renew_code(w, f.HERDER, made.id)
    contacts.confirm(w, f.HERDER, made.id, code=last_code(w), correct=False)


def test_no_more_than_ten_codes_are_sent_in_a_day_whatever_is_removed_in_between() -> None:
    w = world()
    for i in range(rules.CODES_A_DAY):
        made = contacts.add(w, f.HERDER, number=f"1380000000{i}")
        contacts.remove(w, f.HERDER, made.id)
    with pytest.raises(Refused, match=r"contact\.too-many-codes"):
        contacts.add(w, f.HERDER, number=SECOND)
    assert len(w.sms.sent) == rules.CODES_A_DAY
    w.clock.advance(days=1)
    contacts.add(w, f.HERDER, number=SECOND)


def test_a_code_that_could_not_be_sent_leaves_a_contact_that_asks_for_another() -> None:
    w = world()
    w.sms.failing["*"] = Unavailable.because("message.provider-unavailable")
    made = contacts.add(w, f.HERDER, number=NUMBER)
    assert w.contacts.get("herder").find(made.id).code is None
    w.sms.failing.clear()
    contacts.renew_code(w, f.HERDER, made.id)
    contacts.confirm(w, f.HERDER, made.id, code=last_code(w), correct=False)


def test_an_address_is_confirmed_by_saying_that_it_is_right_and_must_not_deceive() -> None:
    w = world()
    made = contacts.add(w, f.HERDER, address=HOME)
    with pytest.raises(Invalid, match=r"contact\.confirmation-missing"):
        contacts.confirm(w, f.HERDER, made.id, code="", correct=False)
    contacts.confirm(w, f.HERDER, made.id, code="", correct=True)
    with pytest.raises(Invalid, match=r"text\.direction-control"):
        contacts.add(w, f.HERDER, address=PostalAddress("甲", "某街\u202e1号院内", "010000"))


def test_a_contact_is_entered_once_and_shown_masked() -> None:
    w = world()
    with_number(w)
    with_address(w)
    with pytest.raises(Refused, match=r"contact\.known"):
        contacts.add(w, f.HERDER, number=NUMBER)
    shown = [c.shown for c in contacts.of(w, f.HERDER).contacts]
    assert shown[0] == "138****0000"
    assert "其其格" not in shown[1]
    assert "1号" not in shown[1]


@pytest.mark.parametrize("actor", [f.SUPERVISOR, f.DECIDER, f.AGENT])
def test_officers_agents_and_supervisors_have_neither_contacts_nor_messages(actor: f.Actor) -> None:
    w = world()
    with pytest.raises(Forbidden, match=r"contact\.applicants-only"):
        contacts.of(w, actor)
    with pytest.raises(Forbidden, match=r"contact\.applicants-only"):
        messages.mine(w, actor, None, 10)


# -- messages ----------------------------------------------------------------------------------------------


def test_every_event_that_is_told_and_every_reminder_has_its_text_and_label() -> None:
    assert set(TELLING) <= set(EVENTS)
    assert {*TELLING, *REMINDERS, *TOLD, *VISITS_TOLD, "code.sms"} == set(packaged())
    for kind in REMINDERS:
        assert data.label("reminder", kind)["zh"] != kind
    for outcome in Outcome:
        assert data.label("delivery", outcome)["zh"] != outcome
    for act in ToldBy:
        assert data.label("told_by", act)["zh"] != act


@pytest.mark.requirement("H0")
def test_an_event_is_told_once_in_the_inbox_and_by_every_confirmed_channel() -> None:
    w = world()
    with_number(w)
    with_address(w)
    case_id = journey.submitted(w)
    first, again = told(w, case_id), told(w, case_id)
    assert first == again
    assert len(messages.mine(w, f.HERDER, None, 10).items) == 1
    assert [to for to, _, _ in w.sms.sent] == [NUMBER]
    assert [to for to, _, _ in w.post.sent] == [HOME]
    case = journey.get(w, case_id)
    assert case.number in first.text.zh
    assert case.item.name in first.text.zh
    assert f"/v1/messages/{first.id}" in first.text.zh
    assert [d.outcome for d in first.deliveries] == [Outcome.DELIVERED, Outcome.DELIVERED]


def test_nothing_is_sent_to_what_was_not_confirmed() -> None:
    w = world()
    contacts.add(w, f.HERDER, number=NUMBER)
    contacts.add(w, f.HERDER, address=HOME)
    w.sms.sent.clear()
    assert told(w, journey.submitted(w)).deliveries == ()
    assert (w.sms.sent, w.post.sent) == ([], [])


def test_an_inner_step_is_told_to_nobody() -> None:
    w = world()
    case_id = journey.at(w, "accept")
    assert messages.tell(w, case_id, number_of(w, case_id, "case.task_opened")) is None
    assert messages.tell(w, "01" + "0" * 24, 1) is None


@pytest.mark.requirement("H0")
def test_a_crash_between_inbox_and_provider_leaves_one_inbox_row_and_sends_at_least_once() -> None:
    w = world()
    with_number(w)
    case_id = journey.submitted(w)
    w.sms.failing["*"] = RuntimeError("the function died here")
    for _ in range(2):
        with pytest.raises(RuntimeError):
            told(w, case_id)
    assert w.sms.sent == []
    w.sms.failing.clear()
    told(w, case_id)
    assert len(messages.mine(w, f.HERDER, None, 10).items) == 1
    assert len(w.sms.sent) == 1


def test_a_crash_after_the_provider_sends_again_under_the_same_key(monkeypatch: pytest.MonkeyPatch) -> None:
    w = world()
    with_number(w)
    case_id = journey.submitted(w)
    commit = w.messages.commit

    def dies(message: Message, **options: object) -> None:
        if message.version > 1:
            raise RuntimeError("the function died here")
        commit(message, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(w.messages, "commit", dies)
    with pytest.raises(RuntimeError):
        told(w, case_id)
    monkeypatch.undo()
    told(w, case_id)
    assert len({key for _, _, key in w.sms.sent}) == 1
    assert len(messages.mine(w, f.HERDER, None, 10).items) == 1


def test_a_provider_that_is_away_brings_the_hint_back_until_it_is_given_up() -> None:
    w = world()
    with_number(w)
    case_id = journey.submitted(w)
    w.sms.failing["*"] = Unavailable.because("message.provider-unavailable")
    for _ in range(ATTEMPTS - 1):
        with pytest.raises(Unavailable):
            told(w, case_id)
    (delivery,) = told(w, case_id).deliveries
    assert (delivery.outcome, delivery.attempts, delivery.reason) == (Outcome.FAILED, ATTEMPTS, "unreachable")
    assert w.contacts.get("herder").find(delivery.contact).usable


def test_a_number_that_is_refused_for_good_is_shown_and_the_next_confirmed_one_is_used() -> None:
    w = world()
    dead, living = with_number(w), with_number(w, SECOND)
    w.sms.failing[NUMBER] = Undeliverable("404")
    message = told(w, journey.submitted(w))
    assert [(d.contact, d.outcome, d.reason) for d in message.deliveries] == [
        (dead, Outcome.FAILED, "refused"),
        (living, Outcome.DELIVERED, ""),
    ]
    assert w.contacts.get("herder").find(dead).failed_at is not None
    asked = w.sms.asked
    told(w, journey.submitted(w))
    assert w.sms.asked == asked + 1


def test_a_number_that_was_removed_in_between_hears_nothing() -> None:
    w = world()
    contact = with_number(w)
    case_id = journey.submitted(w)
    w.sms.failing["*"] = Unavailable.because("message.provider-unavailable")
    with pytest.raises(Unavailable):
        told(w, case_id)
    w.sms.failing.clear()
    contacts.remove(w, f.HERDER, contact)
    (delivery,) = told(w, case_id).deliveries
    assert (delivery.outcome, delivery.reason, w.sms.sent) == (Outcome.FAILED, "removed", [])


def test_a_delivery_is_recorded_although_the_person_read_the_message_in_between(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    w = world()
    with_number(w)
    case_id = journey.submitted(w)
    send = w.sms.send

    def meanwhile(contact: object, text: str, key: str) -> object:
        (message,) = messages.mine(w, f.HERDER, None, 1).items
        messages.mark_read(w, f.HERDER, message.id)
        return send(contact, text, key)

    monkeypatch.setattr(w.sms, "send", meanwhile)
    message = told(w, case_id)
    assert message.read_at is not None
    assert [d.outcome for d in message.deliveries] == [Outcome.DELIVERED]


# -- what counts as told -------------------------------------------------------------------------------------


@pytest.mark.requirement("H0")
@pytest.mark.parametrize(
    ("act", "at_once", "after_reading"),
    [
        (ToldBy.INBOX_DELIVERED, True, True),
        (ToldBy.INBOX_READ, False, True),
        (ToldBy.SMS_DELIVERED, True, True),
        (ToldBy.POST_DELIVERED, False, False),
        (ToldBy.HANDED_OVER, False, False),
    ],
)
def test_the_act_that_the_version_names_is_the_moment_of_being_told(
    act: ToldBy, at_once: bool, after_reading: bool
) -> None:
    w = world(f.item(told_by=act))
    with_number(w)
    message = told(w, journey.submitted(w))
    assert (message.told_at == w.clock.now()) is at_once
    w.clock.advance(hours=1)
    messages.mark_read(w, f.HERDER, message.id)
    read = messages.get(w, f.HERDER, message.id)
    assert (read.told_at is not None) is after_reading
    assert read.read_at == w.clock.now()
    w.clock.advance(hours=1)
    messages.mark_read(w, f.HERDER, message.id)
    assert messages.get(w, f.HERDER, message.id) == read


def test_what_the_provider_only_took_does_not_count_as_delivered() -> None:
    w = world(f.item(told_by=ToldBy.POST_DELIVERED))
    with_address(w)
    w.post.arrives = False
    message = told(w, journey.submitted(w))
    assert (message.told_at, message.deliveries[0].outcome) == (None, Outcome.SENT)


def test_a_message_is_its_recipients_alone() -> None:
    w = world()
    message = told(w, journey.submitted(w))
    with pytest.raises(NotFound, match=r"message\.not-found"):
        messages.get(w, f.STRANGER, message.id)
    with pytest.raises(Forbidden):
        messages.get(w, f.SUPERVISOR, message.id)


# -- reminders -----------------------------------------------------------------------------------------------


@pytest.mark.requirement("H0")
def test_a_holder_is_reminded_thirty_days_before_the_last_day_to_renew_and_once_only() -> None:
    w = world(f.item(result_validity="1年"))
    case_id = journey.granted(w)
    certificates.issue(w, case_id)
    reminders.plan(w, case_id)
    timer = w.store.timers[case_id, reminders.TIMER]
    w.clock.at = timer.due_at - timedelta(seconds=1)
    reminders.on_timer(w, case_id)
    assert messages.mine(w, f.HERDER, None, 10).items == []
    w.clock.at = timer.due_at
    for _ in range(2):
        reminders.on_timer(w, case_id)
    (message,) = messages.mine(w, f.HERDER, None, 10).items
    assert message.kind == "reminder.expiry"
    ends = w.certificates.get(journey.get(w, case_id).certificate)
    assert ends is not None
    assert ends.valid_until is not None
    assert timer.due_at < ends.valid_until - timedelta(days=60)


def test_whoever_is_past_the_date_is_not_reminded_of_it() -> None:
    w = world(f.item(result_validity="1年"))
    case_id = journey.granted(w)
    certificates.issue(w, case_id)
    w.clock.advance(days=364)
    reminders.plan(w, case_id)
    reminders.on_timer(w, case_id)
    assert (case_id, reminders.TIMER) not in w.store.timers
    assert messages.mine(w, f.HERDER, None, 10).items == []


@pytest.mark.requirement("H0")
def test_an_applicant_is_reminded_two_days_before_the_end_of_a_correction_period_unless_it_came() -> None:
    correction = Correction(Limit(10, LimitUnit.DAY), CorrectionOutcome.NOT_ACCEPTED)
    w = world(f.item(correction=correction))
    case_id = journey.at(w, "accept")
    notices.notify(w, f.ACCEPTOR, case_id, [notices.Demand("/form/subject", "写明学科")], lambda violation: "")
    reminders.plan(w, case_id)
    timer = w.store.timers[case_id, reminders.TIMER]
    w.clock.at = timer.due_at
    reminders.on_timer(w, case_id)
    (message,) = messages.mine(w, f.HERDER, None, 10).items
    assert (message.kind, "2026-03-12" in message.text.zh) == ("reminder.correction", True)
    assert timer.due_at == datetime(2026, 3, 10, 16, tzinfo=UTC)


# -- what leaks ----------------------------------------------------------------------------------------------


@pytest.mark.requirement("H0")
def test_a_number_and_an_address_stand_nowhere_but_in_the_contacts() -> None:
    w = world()
    with_number(w)
    with_address(w)
    case_id = journey.submitted(w)
    told(w, case_id)
    everything = json.dumps([w.messages.texts, w.store.receipts, w.store.events, w.bus.taken], default=str)
    for secret in (NUMBER, HOME.address):
        assert secret not in everything


def test_a_race_for_the_same_book_has_one_winner() -> None:
    w = world()
    book = rules.add(w.contacts.get("herder"), Contact("c1", ContactChannel.SMS, f.START, NUMBER))
    w.contacts.commit(book, expected_version=0, at=f.START)
    with pytest.raises(Conflict):
        w.contacts.commit(book, expected_version=0, at=f.START)


def test_what_could_not_be_laid_into_the_inbox_is_not_sent() -> None:
    """Found by the crash sweep: a conflict is not always another hint that wrote the same."""
    w = world()
    with_number(w)
    case_id = journey.submitted(w)

    class Busy(MemoryMessages):
        def commit(self, message: Message, **asked: object) -> None:
            raise Conflict.because("store.conflict")

    w.messages = Busy(w.store)
    with pytest.raises(Conflict):
        told(w, case_id)
    assert w.sms.sent == []


# -- what was not told ---------------------------------------------------------------------------------------


@pytest.mark.requirement("H0", "F4")
def test_what_nobody_was_told_of_is_told_while_the_case_is_watched_and_told_once() -> None:
    w = world()
    with_number(w)
    case_id = journey.submitted(w)  # its hint is lost
    assert w.messages.of_case(case_id) == []
    telling.watch(w, case_id)
    telling.watch(w, case_id)
    (message,) = w.messages.of_case(case_id)
    assert (message.kind, [d.outcome for d in message.deliveries]) == ("case.submitted", [Outcome.DELIVERED])
    assert len(w.sms.sent) == 1
    assert messages.tell(w, case_id, number_of(w, case_id, "case.submitted")) == message  # the hint comes after all


@pytest.mark.requirement("H0")
def test_what_was_never_sent_is_sent_by_the_next_watch() -> None:
    w = world()
    with_number(w)
    case_id = journey.submitted(w)
    w.sms.failing["*"] = Unavailable.because("message.provider-unavailable")
    with pytest.raises(Unavailable):
        told(w, case_id)
    telling.watch(w, case_id)
    assert w.messages.of_case(case_id)[0].pending
    w.sms.failing.clear()
    telling.watch(w, case_id)
    assert [d.outcome for d in w.messages.of_case(case_id)[0].deliveries] == [Outcome.DELIVERED]


@pytest.mark.requirement("H0")
def test_a_case_is_watched_until_its_last_event_is_told() -> None:
    w = world()
    with_number(w)
    case_id = journey.at(w, "accept")
    tasks.refuse_acceptance(w, f.ACCEPTOR, case_id, ground="not_a_matter", reason="无需许可", competent_body="")
    w.sms.failing["*"] = Unavailable.because("message.provider-unavailable")
    assert telling.watch(w, case_id) is Finding.REPORTED
    assert telling.watch(w, case_id) is Finding.FINISHED
    assert (case_id, WATCH) in w.store.timers
    w.sms.failing.clear()
    telling.watch(w, case_id)
    assert (case_id, WATCH) not in w.store.timers
    assert {m.kind for m in w.messages.of_case(case_id)} == {"case.submitted", "case.not_accepted"}


def test_a_lost_hint_loses_no_reminder() -> None:
    terms = Correction(Limit(15, LimitUnit.WORKDAY), CorrectionOutcome.NOT_ACCEPTED)
    w = world(f.item(correction=terms))
    case_id = journey.at(w, "accept")
    notices.notify(w, f.ACCEPTOR, case_id, [notices.Demand("/form/subject", "写明学科")], lambda violation: "")
    telling.watch(w, case_id)
    assert (case_id, reminders.TIMER) in w.store.timers
