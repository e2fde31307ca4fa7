"""Names that nobody has, and journeys with one of them wherever a text is taken: promises, late materials, places."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from chalicelib.domain.deadlines import legal_day
from chalicelib.domain.opening_hours import Span
from chalicelib.domain.schedules import PlaceKind
from infra.local.people import Person
from tests.functional import test_appointments_api as bookings
from tests.functional import test_commitments_api as promises
from tests.functional import test_supplements_api as late
from tests.functional.conftest import Answer, Api

NAME = "𠮷娜𪛖ᠮᠣᠩ"
PHONE, IDENTITY = "17709438261", "152501199003070012"
HOUSE = "辉腾浩特街𠮷9号"


def done(answer: Answer) -> Any:
    assert answer.status < 300, answer.body
    return answer.body


def claimed(api: Api, who: str, case_id: str) -> str:
    api.cloud.settle()
    done(api.post(who, f"/v1/cases/{case_id}/claim"))
    return f"/v1/cases/{case_id}"


def promised(api: Api) -> None:
    """Promises: one taken back; one found false, defended and decided on."""
    body = promises.BODY
    decider = Person("decider-55", "decider of a test", "officer", NAME, body, body.split("-")[0], ("decision",))
    for person in (promises.CHECKER, promises.APPLICANT, decider):
        api.cloud.people[person.key] = replace(person, name=NAME)
    path = promises.drafted(api)
    promises.signed(api, path)
    done(api.post("promiser", f"{path}/commitment/withdrawal", {"reason": f"{NAME}另行办理"}))
    path = promises.drafted(api)
    promises.signed(api, path)
    done(api.post("promiser", f"{path}/commitment/decision"))
    claimed(api, "checker-55", path.rpartition("/")[2])
    done(api.post("checker-55", f"{path}/commitment/check/result", {"result": "false", "findings": f"{NAME}不在"}))
    done(api.post("promiser", f"{path}/commitment/check/defence", {"statement": f"{NAME}在{HOUSE}"}))
    claimed(api, "decider-55", path.rpartition("/")[2])
    decision = {"outcome": "revoked", "reasons": f"{NAME}不实", "remedies": f"{NAME}可以复议"}
    done(api.post("decider-55", f"{path}/commitment/check/decision", decision))
    api.cloud.settle()


def supplied(api: Api) -> None:
    """Late materials: handed in, sent back, handed in again, checked, and the decision held."""
    path = late.accepted(api)
    done(late.supply(api, path, *(late.paper(code, name=NAME) for code in ("M01", "M02"))))
    done(late.check(api, path, {"material": "M01", "defects": [f"{NAME}不符"]}))
    done(late.supply(api, path, late.paper("M01", name=NAME)))
    done(api.post(late.DECIDER, f"{path}/held-decision", {"opinion": f"准予{NAME}"}))
    done(late.check(api, path, {"material": "M01"}, {"material": "M02"}))
    api.cloud.settle()


def recorded(api: Api) -> None:
    """Credit records, with a text in each field that is an officer's own."""
    terms = {
        "reason": f"{NAME}不实承诺",
        "law": "国办发〔2020〕42号",
        "article": "2",
        "effects": ["commitment"],
        "scope": {"division": promises.CHAIN.league.code},
        "repair_way": f"{NAME}整改",
    }
    entry = {"subject": "demo-somebody", "terms": terms}
    made = [done(api.post("credit-office", "/v1/credit-records", entry))["id"] for _ in range(2)]
    first, second = (f"/v1/credit-records/{record}" for record in made)
    done(api.post("credit-office", f"{first}/correction", {"terms": terms, "reason": f"{NAME}有误"}))
    done(api.post("credit-office", f"{first}/striking", {"reason": f"{NAME}不是本人"}))
    done(api.post("credit-office", f"{second}/repair", {"how": f"{NAME}已整改"}))


def booker(api: Api) -> str:
    """Somebody of that name who has booked nothing yet."""
    key = bookings.somebody(api)
    api.cloud.people[key] = replace(api.cloud.people[key], name=NAME)
    return key


def booked(api: Api) -> None:
    """Booked, waited for, given back, promoted and told; on the day checked in, called and served."""
    for person in bookings.STAFF:
        api.cloud.people[person.key] = replace(person, name=NAME)
    hours = tuple(replace(h, spans=(Span(600, 630),)) for h in bookings.ALWAYS)
    there, one, other = bookings.opened(api, hours=hours), booker(api), booker(api)
    (slot,) = bookings.slots(api, there, 1)
    first = bookings.booked(api, one, there, slot)
    day = legal_day(datetime.fromisoformat(slot["start"])).isoformat()
    done(api.post(other, "/v1/appointments/waiting-list", {"place": there.id, "item": bookings.ITEM, "day": day}))
    done(api.post(one, f"/v1/appointments/{first}/cancellation"))
    api.cloud.settle()
    open_now = bookings.opened(api)
    path = f"/v1/places/{open_now.id}/queue"
    found = bookings.slots(api, open_now) or bookings.slots(api, open_now, 1)
    made = bookings.booked(api, one, open_now, found[0])
    done(api.post("place-desk", f"/v1/appointments/{made}/check-in", {"priority": "elderly"}))
    done(api.post("place-desk", path, {"item": bookings.ITEM}))
    done(api.post("place-desk", f"{path}/calls", {"window": "-"}))
    done(api.post("place-desk", f"{path}/1/closing", {"served": True}))


def visited(api: Api) -> None:
    """One visit that is arranged, and one that is refused with a reason."""
    there = bookings.place(kind=PlaceKind.STATION)
    api.cloud.wiring.place_store.load([there])
    api.cloud.wiring.places._areas.clear()  # type: ignore[attr-defined]
    address = {"division": there.division, "address": f"{HOUSE} {NAME} {PHONE}", "ground": "ill"}
    wanted = {"place": there.id, "item": bookings.ITEM, **address}
    arranged, refused = (done(api.post("herder", "/v1/visits", wanted))["id"] for _ in range(2))
    start = api.cloud.clock.now() + timedelta(days=2)
    times = {"start": start.isoformat(), "end": (start + timedelta(hours=1)).isoformat()}
    staff = {"staff": ["demo-place-desk"], "equipment": ["TERMINAL-9"]}
    done(api.post("place-desk", f"/v1/visits/{arranged}/arrangement", {**times, **staff}))
    done(api.post("place-desk", f"/v1/visits/{refused}/refusal", {"reason": f"{NAME}路远"}))
    assert done(api.get("place-desk", f"/v1/visits/{arranged}"))["address"] == address["address"]
