"""The demo people of a stage: one chain from gacha to region, and whoever works along it. None of them is real."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from chalicelib.domain.divisions import Division, DivisionIndex
from chalicelib.storage.divisions import packaged_divisions
from infra.local.issuer import Issuer
from infra.stages import stage_named

DEPARTMENT = "05"
"""The department whose officers are among the demo people: that of the item in scenario ``main``."""

SERVICE_CENTRE = "90"
_SHOWCASE = "152500000000"  # 锡林郭勒盟: where the region's own stack shows a whole chain


@dataclass(frozen=True, slots=True)
class Chain:
    """One real division of each level, each inside the one before."""

    region: Division
    league: Division
    banner: Division
    township: Division
    village: Division


@dataclass(frozen=True, slots=True)
class Person:
    """An account. ``key`` names it in scenarios, ``what`` says who it is."""

    key: str
    what: str
    kind: str
    name: str
    body: str = ""
    division: str = ""
    roles: tuple[str, ...] = ()

    @property
    def subject(self) -> str:
        """The account's id at the issuer."""
        return f"demo-{self.key}"

    def token(self, issuer: Issuer) -> str:
        """A token of this person."""
        return issuer.mint(
            self.subject, kind=self.kind, name=self.name, body=self.body, division=self.division, roles=self.roles
        )


def chain_of(stage: str) -> Chain:
    """The chain in which the demo people of a stage live: with a sum and a gacha where the stage has any."""
    divisions = packaged_divisions()
    home = stage_named(stage).region_code
    league = divisions.get(home if home != "150000000000" else _SHOWCASE)
    region = divisions.get("150000000000")
    if league is None or region is None:
        raise LookupError(f"the divisions lack {home}")
    kinds = (("旗", "苏木", "嘎查"), ("", "苏木", "嘎查"), ("旗", "", "村"), ("", "", ""))
    found = next((lowest for words in kinds for lowest in _lowest(divisions, league, *words)), None)
    if found is None:
        raise LookupError(f"{league.name} has no villages")
    return Chain(region, league, *found)


def _lowest(
    divisions: DivisionIndex, league: Division, banner_word: str, township_word: str, village_word: str
) -> Iterator[tuple[Division, Division, Division]]:
    """Banner, township and village that are divisions in law and are called so."""
    for banner in divisions.children(league.code):
        if not banner.administrative or not banner.name.endswith(banner_word):
            continue
        for township in divisions.children(banner.code):
            if not township.administrative or not township.name.endswith(township_word):
                continue
            for village in divisions.children(township.code):
                if village.administrative and village_word in village.name:
                    yield banner, township, village


def people_of(stage: str, department: str = DEPARTMENT) -> dict[str, Person]:
    """The demo people of a stage by key."""
    chain = chain_of(stage)
    found = [
        Person("herder", f"herder in {chain.village.name}", "person", "巴特尔(演示)"),
        Person("stranger", "somebody else", "person", "李明(演示)"),
        Person("agent", f"agent at {chain.village.name}", "agent", "其其格(演示)", division=chain.village.code),
        Person(
            "sum-window",
            f"window officer, {chain.township.name}",
            "officer",
            "萨仁(演示)",
            f"{chain.township.code}-{SERVICE_CENTRE}",
            chain.township.code,
            ("window",),
        ),
        Person(
            "supervisor", f"supervisor, {chain.league.name}", "supervisor", "苏和(演示)", division=chain.league.code
        ),
    ]
    for level, division in (("banner", chain.banner), ("league", chain.league), ("region", chain.region)):
        for role in ("acceptance", "review", "decision"):
            found.append(_officer(f"{level}-{role}", role, division, department))
        found.append(_officer(f"{level}-colleague", "review", division, department))
        found.append(_officer(f"{level}-head", "head", division, department))
        for role in ("places", "bureau"):
            found.append(_officer(f"{level}-{role}", role, division, SERVICE_CENTRE))
    return {person.key: person for person in found}


def _officer(key: str, role: str, division: Division, department: str) -> Person:
    body = f"{division.code}-{department}"
    what = f"{role} officer, {division.name} (department {department})"
    return Person(key, what, "officer", f"{division.name}{_TITLES[role]}(演示)", body, division.code, (role,))


_TITLES = {
    "acceptance": "受理员",
    "review": "审核员",
    "decision": "审批员",
    "head": "负责人",
    "places": "场所管理员",
    "bureau": "政务服务管理员",
}
