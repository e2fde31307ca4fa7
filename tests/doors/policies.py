"""What part 4 brings to the doors: cases on a promise, cases with late materials, credit records and failures."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from chalicelib.domain.case_events import DeferredMaterial, SubmittedMaterial
from chalicelib.domain.catalog import Deferral, LateOutcome, Limit, LimitUnit, Material, Necessity
from chalicelib.domain.commitment_checks import Result
from chalicelib.domain.credit import Effect, Scope, Terms
from chalicelib.domain.outages import Service
from chalicelib.services import (
    authorities,
    cases,
    commitment_checks,
    commitments,
    credit,
    lapses,
    outages,
    supplements,
    tasks,
)
from chalicelib.services.cases import Opening
from tests import factories as f
from tests import journey, promises

BASIC = "150105001999"
"""A made-up item beside the world's own: open to a promise, and with one material that may be late."""

PROOF = SubmittedMaterial("d1", "paper", "住所使用证明")
BEFORE = timedelta(days=7)


def item() -> f.ImplementationItem:
    terms = replace(promises.TERMS, materials=("d1",))
    period = Limit(3, LimitUnit.WORKDAY, demo=True)
    check = Limit(1, LimitUnit.WORKDAY, demo=True)
    late = Deferral(period, LateOutcome.DEEMED_WITHDRAWN, check, None)
    proof = Material("d1", "住所使用证明", "Proof of premises", Necessity.DEFERRABLE, deferral=late)
    return f.item(
        code=f"{f.USCC}3{BASIC}",
        basic_code=BASIC,
        name="示例告知承诺许可",
        commitment=terms,
        materials=(*f.item().materials, proof),
        promised_limit=Limit(10, LimitUnit.WORKDAY, demo=True),
    )


def prepare(world: f.World, made: dict[str, str]) -> None:
    """Put all of it into the world, each by its name in the tables."""
    made["text"] = promises.TEXT.digest
    world.clock.advance(seconds=-BEFORE.total_seconds())
    made["late"] = _accepted(world)
    world.clock.advance(seconds=BEFORE.total_seconds())
    lapses.on_timer(world, made["late"])
    made["awaited"] = _accepted(world)
    made["supplied"] = _supplied(world)
    _promises(world, made)
    _beside(world, made)


def _promises(world: f.World, made: dict[str, str]) -> None:
    made["unpromising"] = _drafted(world, f.AGENT, authority=_authority(world))
    made["offered"] = _drafted(world, f.HERDER)
    commitments.serve(world, f.HERDER, made["offered"])
    made["signed"] = _drafted(world, f.AGENT, authority=_authority(world, promising=True))
    _sign(world, made["signed"])
    for name in ("checking", "hearing", "revoking", "fulfilled"):
        case_id = made[name] = _drafted(world, f.HERDER)
        _sign(world, case_id)
        commitments.decide(world, f.HERDER, case_id)
        promises.task_opened(world, case_id, promises.CHECKER)
        if name != "checking":
            result = Result.FULFILLED if name == "fulfilled" else Result.FALSE
            commitment_checks.record(world, promises.CHECKER, case_id, result=result, findings="现场核查所见")
    commitment_checks.state_defence(world, f.HERDER, made["revoking"], statement="请复核")
    promises.task_opened(world, made["revoking"], f.DECIDER)


def _beside(world: f.World, made: dict[str, str]) -> None:
    terms = Terms(
        "示例", "GNCN", "二(四)", (Effect.COMMITMENT,), Scope(f.LEAGUE, ("150105902002",)), f.START, repair_way="修复"
    )
    for name in ("credit", "credit-struck"):
        made[name] = credit.enter(world, f.CREDIT_OFFICE, f.HERDER.subject, terms).id
    credit.strike(world, f.CREDIT_OFFICE, made["credit-struck"], "张冠李戴")
    now = world.clock.now()
    for name, hours in (("outage", 1), ("outage-ended", 72)):
        since = now - timedelta(hours=hours)
        made[name] = outages.record(world, f.SUPERVISOR, service=Service.UPLOADS, since=since, reason="停机").id
    outages.end(world, f.SUPERVISOR, made["outage-ended"], until=now - timedelta(hours=71))


def _authority(world: f.World, *, promising: bool = False) -> str:
    until = world.clock.now() + timedelta(days=300)
    made = authorities.propose(
        world, f.AGENT, principal=f.HERDER.subject, items=(BASIC,), until=until, commitments=promising
    )
    authorities.confirm(world, f.HERDER, made.id)
    return made.id


def _drafted(world: f.World, actor: f.Actor, *deferred: DeferredMaterial, authority: str = "") -> str:
    channel = f.Channel.STATION if authority else f.Channel.WEB
    case_id = cases.open_draft(world, actor, Opening(BASIC, f.GACHA, channel, authority=authority)).id
    cases.save(
        world,
        actor,
        case_id,
        form={"subject": "高中教师"},
        materials=[journey.APPLICATION],
        delivery="electronic",
        expected=journey.get(world, case_id).version,
        deferred=deferred,
    )
    return case_id


def _sign(world: f.World, case_id: str) -> None:
    commitments.serve(world, f.HERDER, case_id)
    promises.sign(world, case_id)


def _accepted(world: f.World) -> str:
    """Accepted with the proof awaited until tomorrow, at the banner's review and claimed there."""
    tomorrow = (world.clock.now() + timedelta(days=1)).date()
    wish = DeferredMaterial("d1", date(tomorrow.year, tomorrow.month, tomorrow.day))
    case_id = _drafted(world, f.AGENT, wish, authority=_authority(world))
    cases.submit(world, f.AGENT, case_id)
    for officer, act in ((f.WINDOW, tasks.forward), (f.ACCEPTOR, tasks.accept), (f.BANNER_REVIEWER, None)):
        journey.opened(world, case_id)
        tasks.claim(world, officer, case_id)
        if act:
            act(world, officer, case_id)
    return case_id


def _supplied(world: f.World) -> str:
    """At the decision, claimed; the proof has come and waits for its check."""
    case_id = _accepted(world)
    supplements.supply(world, f.HERDER, case_id, [PROOF])
    journey.agree(world, f.BANNER_REVIEWER, case_id)
    for officer in (f.REVIEWER, f.DECIDER):
        journey.opened(world, case_id)
        tasks.claim(world, officer, case_id)
        if officer is f.REVIEWER:
            journey.agree(world, officer, case_id)
    return case_id
