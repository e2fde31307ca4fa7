"""Where and when (延时服务): a Saturday question in a banner, noon, a make-up day, a reviewed exception, a calendar."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from tests.e2e.schedule_bookings import Bookings

ITEM = "152009901000"  # 居民身份证申领: accepted by the banner, among the delay-service items


class Schedule(Bookings):
    title = "a Saturday question → noon → a reviewed exception → two racers for the last seat → moved, told, served"

    def run(self) -> None:
        self.village = self.account("agent")["division"]
        self.banner = self.account("banner-acceptance")["division"]
        self.league = self.account("league-acceptance")["division"]
        with self.step("a herder asks where to apply for an identity card on Saturday at ten"):
            self.ask_for_saturday()
        with self.step("noon: what the league's centre says of 13:00 on a working day"):
            self.ask_for_noon()
        with self.step("the next holiday: its days, its make-up days, and what differs"):
            self.look_at_the_holiday()
        with self.step("the banner proposes an exception; the league's bureau approves; one's own is not approved"):
            self.review()
        with self.step("the exception counts on its day: timetable, answer and calendar say the same"):
            self.compare()
        with self.step("the list of delay-service items is public and has moved on by a version"):
            self.read_the_list()
        self.run_bookings(ITEM)

    # -- steps ---------------------------------------------------------------------------------------------

    def ask_for_saturday(self) -> None:
        saturday = self.coming(lambda day: day["kind"]["code"] == "weekend" and self.weekday(day) == 6)
        asked = self.at(saturday, 10)
        answer = self.anyone().get("/v1/where", item=ITEM, division=self.village, at=asked)
        first = answer["items"][0]
        assert first["place"]["id"] == self.centre(self.banner), first
        assert first["open"], first
        assert first["openings"][0]["kind"]["code"] == "weekend", first
        assert first["windows"], first
        self.tell(f"{asked}: {first['place']['name']}, {first['windows'][0]['name']}")

    def ask_for_noon(self) -> None:
        workday = self.coming(lambda day: day["kind"]["code"] == "workday")
        answer = self.anyone().get(f"/v1/places/{self.centre(self.league)}/opening", at=self.at(workday, 13))
        self.tell(f"open: {answer['open']}, {[o['kind']['zh'] for o in answer['openings']]}")
        after = answer["next"] or {}
        assert answer["open"] or after["start"] > answer["at"], answer

    def look_at_the_holiday(self) -> None:
        found = self.anyone().get(f"/v1/places/{self.centre(self.banner)}/holiday")
        assert found["holiday"], found
        kinds = {day["kind"]["code"] for day in found["days"]}
        assert "holiday" in kinds, found
        for day in found["days"]:
            regular = "regular" in [o["kind"]["code"] for o in day["openings"]]
            assert regular == (day["kind"]["code"] == "make_up"), day
        self.tell(f"{found['holiday']}: {[(d['date'], d['kind']['code'], d['differs']) for d in found['days']]}")

    def review(self) -> None:
        self.day = self.coming(lambda day: day["kind"]["code"] == "workday", skip=5)
        self.before = self.version_of_the_list(self.today())
        change = self.exception(self.day, "设备检修", [{"start": "10:00", "end": "11:00"}])
        manager, bureau = self.person("banner-places"), self.person("league-bureau")
        wrong = {**change, "name": "办事大厅", "since": (self.today() - timedelta(days=1)).isoformat()}
        body = {"opinion": "设备检修", "places": [wrong]}
        refused = manager.post("/v1/place-proposals", body, status=422)
        assert {e["code"] for e in refused["errors"]} == {"place.name-rule", "place.since-past"}, refused
        made = manager.post("/v1/place-proposals", {"opinion": "设备检修", "places": [change]}, status=201)
        path = f"/v1/place-proposals/{made['id']}"
        manager.post(f"{path}/approval", {"opinion": "同意"}, status=403)
        bureau.post(f"{path}/approval", {"opinion": "同意"})
        bureau.post(f"{path}/approval", {"opinion": "同意"}, status=409)
        steps = manager.get(path)["steps"]
        assert [s["kind"]["code"] for s in steps] == ["proposed", "approved"], steps

    def compare(self) -> None:
        self.pass_a_minute()
        place_id = self.centre(self.banner)
        month = self.day.isoformat()[:7]
        days = self.anyone().get(f"/v1/places/{place_id}/timetable", month=month)["days"]
        (told,) = [day for day in days if day["date"] == self.day.isoformat()]
        assert told["differs"], told
        assert [(o["kind"]["code"], o["reason"]) for o in told["openings"]] == [("special", "设备检修")], told
        answer = self.anyone().get(f"/v1/places/{place_id}/opening", at=self.at(self.day, 9))
        assert not answer["open"], answer
        assert answer["next"]["start"] == told["openings"][0]["start"], answer
        feed = self.anyone().get(f"/v1/places/{place_id}/calendar.ics")
        uids = [line for line in feed.splitlines() if line.startswith("UID:") and f".{self.day:%Y%m%d}." in line]
        assert len(uids) == 1, uids
        assert ".special." in uids[0], uids

    def read_the_list(self) -> None:
        found = self.anyone().get("/v1/delay-service", division=self.banner, limit=50)
        assert ITEM in {entry["item"]["basic_code"] for entry in found["items"]}, found
        assert found["version"] != self.before, "every reviewed version moves the list's version"
        self.tell(f"version {found['version']}, {len(found['items'])} entries on the first page")

    # -- small parts ---------------------------------------------------------------------------------------

    def coming(self, wanted: Any, skip: int = 1) -> date:
        """The first day after ``skip`` days that is such a day by the official calendar."""
        day = self.today() + timedelta(days=skip)
        days: list[dict[str, Any]] = []
        while not days or not wanted(days[-1]):
            table = self.anyone().get(f"/v1/places/{self.centre(self.league)}/timetable", month=day.isoformat()[:7])
            days.append(next(told for told in table["days"] if told["date"] == day.isoformat()))
            day += timedelta(days=1)
        return date.fromisoformat(days[-1]["date"])

    def weekday(self, day: dict[str, Any]) -> int:
        return date.fromisoformat(day["date"]).isoweekday()

    def version_of_the_list(self, day: date) -> str:
        found = self.anyone().get("/v1/delay-service", division=self.banner, day=day.isoformat(), limit=1)
        return str(found["version"])

    def pass_a_minute(self) -> None:
        """What a container has read of places it keeps for a minute."""
        if self.emulated:
            self.advance(timedelta(seconds=61))
            self.settle()
            return
        self.until_changed()

    def until_changed(self) -> None:
        before = self.before
        self.until("the list moves on", lambda: self.version_of_the_list(self.today()) != before, seconds=90)
