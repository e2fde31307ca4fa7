"""What providers tell later: recorded once, in any order, and the moment that counts as being told."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from chalicelib.domain.catalog import ToldBy
from chalicelib.domain.contacts import PostalAddress
from chalicelib.domain.errors import Conflict
from chalicelib.domain.messages import Message
from chalicelib.domain.webhooks import Signed
from chalicelib.services import contacts, delivery_reports, messages
from chalicelib.services.delivery_reports import Report, Taken
from tests import factories as f
from tests import journey
from tests.unit.test_messages import HOME, SECOND, told, with_address, with_number

OTHER = PostalAddress("其其格", "锡林郭勒盟东乌珠穆沁旗乌里雅斯太镇2号", "026300")


def sent(told_by: ToldBy = ToldBy.POST_DELIVERED) -> tuple[f.World, Message]:
    """A letter and a text message that their providers took, and of which nothing more is known."""
    world = f.World(f.item(told_by=told_by))
    world.sms.arrives = world.post.arrives = False
    with_number(world)
    with_address(world)
    return world, told(world, journey.submitted(world))


def call(world: f.World, call_id: str = "call-1", sender: str = "post") -> Signed:
    return Signed(sender, call_id, world.clock.now())


def report(
    message: Message, arrived: bool = True, *, channel: str = "post", at: datetime | None = None, reference: str = ""
) -> Report:
    own = next(d for d in message.deliveries if d.channel == channel)
    when = at or message.created_at
    return Report(f"{message.id}.{own.contact}", reference or own.reference, arrived, when)


def now(world: f.World, message: Message) -> Message:
    found = world.messages.get(message.id)
    assert found is not None
    return found


def outcomes(message: Message) -> list[tuple[str, str, str]]:
    return [(d.channel, d.outcome, d.reason) for d in message.deliveries]


@pytest.mark.requirement("H0")
def test_a_letter_that_arrives_later_counts_from_the_moment_of_its_arrival() -> None:
    world, message = sent()
    assert message.told_at is None
    world.clock.advance(days=3)
    arrival = world.clock.now() - timedelta(hours=5)
    taken = delivery_reports.record(world, call(world), report(message, at=arrival))
    after = now(world, message)
    assert (taken, after.told_at) == (Taken.RECORDED, arrival)
    assert ("post", "delivered", "") in outcomes(after)


@pytest.mark.requirement("H0")
@pytest.mark.parametrize(
    ("told_by", "channel", "counts"),
    [
        (ToldBy.POST_DELIVERED, "post", True),
        (ToldBy.POST_DELIVERED, "sms", False),
        (ToldBy.SMS_DELIVERED, "sms", True),
        (ToldBy.SMS_DELIVERED, "post", False),
        (ToldBy.INBOX_READ, "post", False),
        (ToldBy.HANDED_OVER, "sms", False),
    ],
)
def test_only_the_act_that_the_version_names_counts(told_by: ToldBy, channel: str, counts: bool) -> None:
    world, message = sent(told_by)
    delivery_reports.record(world, call(world, sender=channel), report(message, channel=channel))
    assert (now(world, message).told_at is not None) is counts


@pytest.mark.parametrize("days", [-1, 1], ids=["before it was written", "in the future"])
def test_a_moment_that_cannot_be_is_moved_to_the_nearest_that_can(days: int) -> None:
    world, message = sent()
    world.clock.advance(hours=1)
    wrong = message.created_at + timedelta(days=days)
    delivery_reports.record(world, call(world), report(message, at=wrong))
    assert now(world, message).told_at == (message.created_at if days < 0 else world.clock.now())


def test_a_proof_stands_whatever_comes_after_it_and_a_failure_does_not() -> None:
    world, message = sent()
    assert delivery_reports.record(world, call(world, "1"), report(message, arrived=False)) is Taken.RECORDED
    assert ("post", "failed", "returned") in outcomes(now(world, message))
    assert delivery_reports.record(world, call(world, "2"), report(message)) is Taken.RECORDED
    proven = now(world, message)
    assert ("post", "delivered", "") in outcomes(proven)
    for call_id, arrived in [("1", False), ("2", True), ("3", False), ("4", True)]:
        assert delivery_reports.record(world, call(world, call_id), report(message, arrived)) is Taken.KNOWN
    assert now(world, message) == proven


def test_a_letter_that_comes_back_is_sent_to_the_next_address_and_the_first_is_not_used_again() -> None:
    world = f.World(f.item(told_by=ToldBy.POST_DELIVERED))
    world.post.arrives = False
    first = with_address(world)
    second = contacts.add(world, f.HERDER, address=OTHER).id
    contacts.confirm(world, f.HERDER, second, code="", correct=True)
    case_id = journey.submitted(world)
    message = told(world, case_id)
    delivery_reports.record(world, call(world), report(message, arrived=False))
    assert world.store.timers[case_id, delivery_reports.TIMER].due_at == world.clock.now()
    delivery_reports.on_timer(world, case_id)
    assert [to for to, _, _ in world.post.sent] == [HOME, OTHER]
    assert outcomes(now(world, message)) == [("post", "failed", "returned"), ("post", "sent", "")]
    assert world.contacts.get("herder").find(first).failed_at is not None


def test_a_letter_that_comes_back_from_an_address_that_was_removed_is_recorded_all_the_same() -> None:
    world, message = sent()
    own = next(d for d in message.deliveries if d.channel == "post")
    contacts.remove(world, f.HERDER, own.contact)
    assert delivery_reports.record(world, call(world), report(message, arrived=False)) is Taken.RECORDED


def test_a_report_that_is_faster_than_the_answer_is_not_overtaken_by_it() -> None:
    world = f.World(f.item(told_by=ToldBy.SMS_DELIVERED))
    with_number(world, SECOND)
    world.sms.arrives = False
    case_id = journey.submitted(world)
    message = messages.put(world, journey.get(world, case_id), f"{case_id}.00000099", "case.submitted", {"day": "x"})
    early = Report(f"{message.id}.{message.deliveries[0].contact}", "ref-1", True, message.created_at)
    assert delivery_reports.record(world, call(world, sender="sms"), early) is Taken.RECORDED
    messages.deliver(world, message)
    assert outcomes(now(world, message)) == [("sms", "delivered", "")]


def test_what_is_about_nothing_of_ours_is_taken_without_effect() -> None:
    world, message = sent()
    right = report(message)
    wrong = [
        Report(right.key.replace(message.case_id, "0" * 26), right.reference, True, right.at),
        Report(right.key[:-26] + "0" * 26, right.reference, True, right.at),
        Report(right.key, "of another letter", True, right.at),
    ]
    for unknown in wrong:
        assert delivery_reports.record(world, call(world), unknown) is Taken.UNKNOWN
    assert delivery_reports.record(world, call(world, sender="sms"), right) is Taken.UNKNOWN
    assert now(world, message) == message


def test_a_call_has_one_effect_even_if_it_comes_twice_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    world, message = sent()
    commit = world.messages.commit

    def beside(after: Message, **options: object) -> None:
        """The same call, taken by another container between this one's reading and writing."""
        monkeypatch.setattr(world.messages, "commit", commit)
        delivery_reports.record(world, call(world), report(message))
        commit(after, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(world.messages, "commit", beside)
    assert delivery_reports.record(world, call(world), report(message)) is Taken.KNOWN
    assert now(world, message).version == message.version + 1


def test_an_id_is_taken_once_in_the_transaction_of_its_effect() -> None:
    world, message = sent()
    read = messages.rules.read(message, world.clock.now())
    world.messages.commit(read, expected_version=message.version, signed=call(world))
    again = messages.rules.handed_over(read, world.clock.now())
    with pytest.raises(Conflict):
        world.messages.commit(again, expected_version=read.version, signed=call(world))
