"""What is personal stands in no raw row, whatever it is about: looked at in the table, byte by byte, on moto and on the
real engine.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.case_events import SubmittedMaterial
from chalicelib.domain.contacts import PostalAddress
from chalicelib.domain.enquiries import Question
from chalicelib.services import (
    authorities,
    cases,
    certificates,
    contacts,
    enquiries,
    messages,
    notices,
    tasks,
    uploads,
)
from chalicelib.services.cases import Opening
from chalicelib.storage import tables
from tests import factories as f
from tests import journey
from tests import upload_files as files

NAME, IDENTITY, PHONE, HOUSE = "𠮷娜𪛖ᠮᠣᠩ", "152501199003070011", "17709438261", "辉腾浩特街𠮷9号"
PERSONAL = (NAME, IDENTITY, PHONE, HOUSE)
PERSON = replace(f.HERDER, name=NAME)


@pytest.fixture
def world(world: f.World) -> f.World:
    """On the table only: what memory keeps is not at rest."""
    if world.cases.__class__.__module__.endswith("memory"):
        pytest.skip("nothing is sealed in memory")
    return world


def rows() -> Iterator[Mapping[str, Any]]:
    """Every row of the table, as the engine gives it."""
    connection = tables.Row._get_connection()
    after: Any = None
    while True:
        found = connection.scan(exclusive_start_key=after)
        yield from found["Items"]
        after = found.get("LastEvaluatedKey")
        if after is None:
            return


def raw(value: Any) -> bytes:
    """All texts and bytes of a row; binary ones both as they are and as they travel."""
    if isinstance(value, Mapping):
        return b" ".join(raw(part) for pair in value.items() for part in pair)
    if isinstance(value, list | tuple | set):
        return b" ".join(raw(part) for part in value)
    if isinstance(value, bytes):
        return value + b" " + base64.b64encode(value)
    return str(value).encode()


def disclosed() -> dict[str, set[str]]:
    """Key of a row to what of the personal can be read in it."""
    found = {}
    for row in rows():
        content = raw(row)
        seen = {text for text in PERSONAL for form in _forms(text) if form in content}
        if seen:
            found[f"{row['pk']['S']}/{row['sk']['S']}"] = seen
    return found


def _forms(text: str) -> list[bytes]:
    return [text.encode(), json.dumps(text)[1:-1].encode(), base64.b64encode(text.encode()).rstrip(b"=")[:-1]]


def filed(world: f.World) -> str:
    """A draft of that person, with all that a form may say."""
    made = cases.open_draft(world, PERSON, Opening(f.BASIC, f.GACHA, f.Channel.WEB))
    form = {"subject": f"{NAME} {IDENTITY}", "phone": PHONE, "address": HOUSE}
    paper = SubmittedMaterial("m1", "paper", f"{NAME}的申请书")
    cases.save(world, PERSON, made.id, form=form, materials=[paper], delivery="electronic", expected=made.version)
    return made.id


def decided(world: f.World) -> str:
    """... handed in, returned once, and granted with texts about that person at every station."""
    case_id = filed(world)
    uploads.announce(world, PERSON, case_id, replace(files.wish(files.pdf()), name=f"{NAME}.pdf"))
    cases.submit(world, PERSON, case_id)
    journey.opened(world, case_id)
    tasks.claim(world, f.ACCEPTOR, case_id)
    demand = notices.Demand("/form/subject", f"{NAME}与{HOUSE}不符")
    notices.notify(world, f.ACCEPTOR, case_id, [demand], lambda violation: violation.code)
    form = {"subject": f"{NAME} {IDENTITY} 改", "phone": PHONE, "address": HOUSE}
    notices.correct(world, PERSON, case_id, form=form, supplied=[])
    tasks.accept(world, f.ACCEPTOR, case_id)
    for officer in (f.BANNER_REVIEWER, f.REVIEWER):
        journey.opened(world, case_id)
        tasks.claim(world, officer, case_id)
        tasks.give_opinion(world, officer, case_id, conclusion="agree", opinion=f"{NAME}同意 {PHONE}")
    journey.opened(world, case_id)
    tasks.claim(world, f.DECIDER, case_id)
    tasks.grant(world, f.DECIDER, case_id, opinion=f"准予{NAME}")
    certificates.issue(world, case_id)
    for record in world.cases.log(case_id):
        messages.tell(world, case_id, record.number)
    return case_id


@pytest.mark.requirement("I4")
def test_nothing_personal_of_a_case_stands_in_the_table_in_the_clear(world: f.World) -> None:
    case_id = decided(world)
    found = cases.read(world, PERSON, case_id)
    assert (found.applicant.name, found.form["phone"]) == (NAME, PHONE)  # it is there, for those who may read
    assert disclosed() == {}


@pytest.mark.requirement("I4")
def test_nothing_personal_beside_a_case_stands_in_the_table_in_the_clear(world: f.World) -> None:
    until = world.clock.now().replace(year=world.clock.now().year + 1)
    agent = replace(f.AGENT, name=NAME)
    made = authorities.propose(world, agent, principal=PERSON.subject, items=(f.BASIC,), until=until)
    authorities.confirm(world, PERSON, made.id)
    contacts.add(world, PERSON, number=PHONE)
    contacts.add(world, PERSON, address=PostalAddress(NAME, HOUSE, "026000"))
    asked = enquiries.ask(world, f.WINDOW, Question(f"{NAME}问", f.BASIC, f"{NAME} {PHONE}"))
    enquiries.answer(world, f.WINDOW, asked.id, text=f"答{NAME}:{HOUSE}")
    case_id = filed(world)
    cases.submit(world, PERSON, case_id)
    cases.withdraw(world, PERSON, case_id, f"{NAME}不办了")
    assert [c.number or c.address for c in contacts.of(world, PERSON).contacts]
    assert disclosed() == {}


def test_a_text_in_the_clear_would_be_noticed(world: f.World) -> None:
    filed(world)
    note = {"note": {"S": f"前{NAME}后"}, "bytes": {"B": base64.b64encode(PHONE.encode()).decode()}}
    tables.Row._get_connection().put_item("x", "y", attributes=note)
    assert disclosed() == {"x/y": {NAME, PHONE}}
