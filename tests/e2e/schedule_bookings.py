"""The second half of scenario ``schedule``: booking a seat, racing for the last one, waiting, moving, being served."""

from __future__ import annotations

import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

from tests.e2e.harness import Client, Scenario

SHANGHAI = timezone(timedelta(hours=8))
LISTED, NOT_LISTED = "150105902001", "152081904000"  # 教师资格认定 is helped with, 社会保险参保登记 is not
_MARK = {"number": 0, "minute": 0}
TERMS = {
    "minutes": 30,
    "seats": 1,
    "early": 30,
    "grace": 15,
    "rules": [
        {
            "kinds": ["regular", "special"],
            "opens": {"unit": "day", "number": 14, "minute": 0},
            "closes": {"unit": "minute", **_MARK},
            "cancels": {"unit": "minute", **_MARK},
        }
    ],
    "no_shows": {"limit": 3, "within_days": 90, "barred_days": 30},
}


class Bookings(Scenario):
    """Its steps begin after an exception of ``banner``'s centre on ``day`` was reviewed and counts."""

    banner: str
    day: date

    def run_bookings(self, item: str) -> None:
        self.item = item
        with self.step("the centre says on what terms it takes bookings; without them everybody just comes"):
            self.agree_on_terms()
        with self.step("two herders race for the last seat: one has it, the other waits for one"):
            self.race_for_the_last_seat()
        with self.step("a seat is given back, and whoever waits has it and is told"):
            self.give_back()
        with self.step("the centre closes on that day: the booked are moved and told"):
            self.close_the_day()
        with self.step("on the day: checked in, a walk-in takes a number, priority goes first and excludes nobody"):
            self.be_served()
        with self.step("village help: a public list, free; an agent acts for listed items under a recorded authority"):
            self.be_helped()

    # -- steps ---------------------------------------------------------------------------------------------

    def agree_on_terms(self) -> None:
        path = f"/v1/places/{self.centre(self.banner)}/booking-terms"
        found = self.anyone().raw("GET", path)
        follows = found.json()["version"] if found.status_code == 200 else 0
        self.officer(f"{self.banner}-05", "window").post(path, {"follows": follows, **TERMS}, status=403)
        self.person("banner-head").post(path, {"follows": follows, **TERMS})
        self.tell(f"version {self.anyone().get(path)['version']}")

    def race_for_the_last_seat(self) -> None:
        seats = [slot for slot in self.slots() for _ in range(slot["left"])]
        self.others = []
        for number, slot in enumerate(seats[:-1]):
            made = self.somebody(number).post("/v1/appointments", self.wish(slot["start"]), status=201)
            self.others.append((number, made["id"]))
        racers = {"herder": self.person("herder"), "stranger": self.person("stranger")}
        body = json.dumps(self.wish(seats[-1]["start"])).encode()

        def book(who: Client) -> tuple[int, Any]:
            headers = {"Content-Type": "application/json", "Idempotency-Key": str(uuid.uuid4())}
            answer = who.raw("POST", "/v1/appointments", content=body, headers=headers)
            return answer.status_code, answer.json()

        with ThreadPoolExecutor(len(racers)) as pool:
            outcomes = dict(zip(racers, pool.map(book, racers.values()), strict=True))
        assert sorted(status for status, _ in outcomes.values()) == [201, 409], outcomes
        (self.winner,) = [who for who, (status, _) in outcomes.items() if status == 201]
        (self.loser,) = set(racers) - {self.winner}
        assert outcomes[self.loser][1]["code"] == "appointment.full", outcomes
        self.won = outcomes[self.winner][1]["id"]
        wait = {"place": self.centre(self.banner), "item": self.item, "day": self.day.isoformat()}
        self.waiting = self.person(self.loser).post("/v1/appointments/waiting-list", wait, status=201)["id"]
        self.person(self.loser).get(f"/v1/appointments/{self.won}", status=404)

    def give_back(self) -> None:
        number, booked = self.others.pop()
        self.somebody(number).post(f"/v1/appointments/{booked}/cancellation")
        self.until("whoever waits is booked", lambda: self.standing_of(self.loser, self.waiting) == "booked")
        self.told(self.loser, "appointment.promoted")

    def close_the_day(self) -> None:
        before = self.person(self.winner).get(f"/v1/appointments/{self.won}")
        self.publish(self.exception(self.day, "停电检修", []))

        def moved() -> Any:
            found = self.person(self.winner).get(f"/v1/appointments/{self.won}")
            return found if found["moved_from"] else None

        found = self.until("the booked are moved", moved)
        assert found["moved_from"] == before["start"], found
        assert found["start"] > before["start"], found
        self.told(self.winner, "appointment.moved")
        self.tell(f"{found['moved_from']} → {found['start']}")

    def be_served(self) -> None:
        found = self.person(self.winner).get(f"/v1/appointments/{self.won}")
        now = datetime.fromisoformat(self.anyone().get("/v1/health")["time"])
        self.advance(datetime.fromisoformat(found["start"]) - now + timedelta(minutes=1))
        self.settle()
        desk = self.officer(f"{self.banner}-05", "window")
        path = f"/v1/places/{self.centre(self.banner)}/queue"
        walk_in = desk.post(path, {"item": self.item}, status=201)["result"]["number"]
        booked = desk.post(f"/v1/appointments/{self.won}/check-in", {})["result"]["number"]
        first = desk.post(path, {"item": self.item, "priority": "elderly"}, status=201)["result"]["number"]
        order = [str(ticket["number"]) for ticket in self.anyone().get(path)["waiting"]]
        assert order == [first, booked, walk_in], order
        window = self.anyone().get(path)["waiting"][0]["windows"][0]
        for expected in order:
            assert desk.post(f"{path}/calls", {"window": window})["result"]["number"] == expected
            desk.post(f"{path}/{expected}/closing", {"served": True})
        assert self.anyone().get(path)["waiting"] == []
        self.tell(f"called at {window}: {', '.join(order)}")

    def be_helped(self) -> None:
        village = self.account("agent")["division"]
        listed = self.anyone().get("/v1/help", division=village)
        assert listed["free"], listed
        assert LISTED in [row["item"] for row in listed["items"]], listed
        until = datetime.fromisoformat(self.anyone().get("/v1/health")["time"]) + timedelta(days=30)
        agent, herder = self.person("agent"), self.person("herder")
        proposal = {"principal": self.account("herder")["subject"], "items": [LISTED], "until": until.isoformat()}
        refused = agent.post("/v1/authorities", {**proposal, "items": [NOT_LISTED]}, status=422)
        assert refused["code"] == "help.item-not-listed", refused
        authority = agent.post("/v1/authorities", proposal, status=201)["id"]
        opening = {"item": LISTED, "division": village, "channel": "station", "authority": authority}
        agent.post("/v1/cases", opening, status=403)
        herder.post(f"/v1/authorities/{authority}/confirmation")
        case = agent.post("/v1/cases", opening, status=201)["id"]
        agent.post(f"/v1/cases/{case}/receipt-confirmation", status=403)
        events = herder.get(f"/v1/cases/{case}/timeline")["events"]
        self.tell(
            f"{len(listed['items'])} items on the list of {listed['name']}; first event: {events[0]['type']['zh']}"
        )

    # -- small parts ---------------------------------------------------------------------------------------

    def exception(self, day: date, reason: str, spans: list[dict[str, str]]) -> dict[str, Any]:
        """A new version of the banner's centre with other hours on one day; none at all: closed."""
        place = self.anyone().get(f"/v1/places/{self.centre(self.banner)}/versions")["items"][-1]
        kept = [c for c in place["closures"] if not c["first"] <= day.isoformat() <= c["last"]]
        closure = {"first": day.isoformat(), "last": day.isoformat(), "reason": reason, "spans": spans}
        return {
            **{k: v for k, v in place.items() if k not in ("version", "division_name", "demo", "position")},
            "kind": place["kind"]["code"],
            "replaces": place["version"],
            "since": self.today().isoformat(),
            "windows": [{**w, "kind": w["kind"]["code"]} for w in place["windows"]],
            "facilities": [f["code"] for f in place["facilities"]],
            "hours": [{**h, "kind": h["kind"]["code"], "access": h["access"]["code"]} for h in place["hours"]],
            "closures": [*kept, closure],
        }

    def publish(self, change: dict[str, Any]) -> None:
        """Proposed by the banner, approved by the league's bureau."""
        proposal = {"opinion": "停电检修", "places": [change]}
        made = self.person("banner-places").post("/v1/place-proposals", proposal, status=201)
        self.person("league-bureau").post(f"/v1/place-proposals/{made['id']}/approval", {"opinion": "同意"})

    def slots(self) -> list[Any]:
        path = f"/v1/places/{self.centre(self.banner)}/slots"
        found = self.anyone().get(path, day=self.day.isoformat(), item=self.item)["slots"]
        return [slot for slot in found if slot["open"]]

    def wish(self, start: str) -> dict[str, str]:
        return {"place": self.centre(self.banner), "item": self.item, "start": start}

    def somebody(self, number: int) -> Client:
        """A person made to order (emulated cloud only)."""
        subject = f"demo-booker-{number}"
        if subject not in self._clients:
            claims = {"kind": "person", "body": "", "division": "", "roles": []}
            token = self.local("token", {"subject": subject, "name": f"某人{number}(演示)", **claims})["token"]
            self._clients[subject] = Client(self.url, token)
        return self._clients[subject]

    def standing_of(self, who: str, appointment: str) -> str:
        return str(self.person(who).get(f"/v1/appointments/{appointment}")["state"]["code"])

    def told(self, who: str, kind: str) -> None:
        def lies_there() -> bool:
            return kind in [m["kind"]["code"] for m in self.person(who).get("/v1/messages")["items"]]

        self.until(f"{who} is told", lies_there)

    def centre(self, division: str) -> str:
        return f"{division}-centre"

    def today(self) -> date:
        now = datetime.fromisoformat(self.anyone().get("/v1/health")["time"])
        return now.astimezone(SHANGHAI).date()

    def at(self, day: date, hour: int) -> str:
        return datetime(day.year, day.month, day.day, hour, tzinfo=SHANGHAI).astimezone(UTC).isoformat()
