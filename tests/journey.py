"""Short cuts through the life of a case, for tests that care about what comes after."""

from __future__ import annotations

from chalicelib.domain.actors import Actor, ActorKind, Role
from chalicelib.domain.case_events import SubmittedMaterial
from chalicelib.domain.cases import Case
from chalicelib.domain.catalog import Necessity
from chalicelib.domain.routing import Channel
from chalicelib.services import authorities, cases, tasks
from chalicelib.services.cases import Opening
from chalicelib.services.ports import Ports
from tests import factories as f

APPLICATION = SubmittedMaterial("m1", "paper", "申请书")


def get(world: Ports, case_id: str) -> Case:
    found = world.cases.get(case_id)
    assert found is not None
    return found


def drafted(
    world: Ports,
    actor: Actor = f.HERDER,
    channel: Channel = Channel.WEB,
    delivery: str = "electronic",
    **opening: object,
) -> str:
    """A complete draft, not yet submitted."""
    made = cases.open_draft(world, actor, Opening(f.BASIC, f.GACHA, channel, **opening))  # type: ignore[arg-type]
    cases.save(
        world,
        actor,
        made.id,
        form={"subject": "高中教师"},
        materials=[APPLICATION],
        delivery=delivery,
        expected=made.version,
    )
    return made.id


def authorised(world: Ports) -> str:
    """The id of an authority that the herder confirmed for the agent."""
    until = world.clock.now().replace(year=world.clock.now().year + 1)
    made = authorities.propose(world, f.AGENT, principal=f.HERDER.subject, items=(f.BASIC,), until=until)
    authorities.confirm(world, f.HERDER, made.id)
    return made.id


def submitted(world: Ports) -> str:
    """Filed by the agent at the station, received by the sum."""
    case_id = drafted(world, f.AGENT, Channel.STATION, authority=authorised(world))
    cases.submit(world, f.AGENT, case_id)
    return case_id


def opened(world: Ports, case_id: str) -> None:
    """What the workflow does: open the pending node."""
    case = get(world, case_id)
    tasks.open_task(world, case_id, case.workflow_attempt, f"token-{case.tasks + 1}")


def at(world: Ports, node: str) -> str:
    """A case on which the task of the named node is open and claimed by its officer."""
    case_id = submitted(world)
    for role, officer, act in STATIONS:
        opened(world, case_id)
        tasks.claim(world, officer, case_id)
        if role == node:
            return case_id
        act(world, officer, case_id)
    raise ValueError(node)


def agree(world: Ports, officer: Actor, case_id: str) -> None:
    tasks.give_opinion(world, officer, case_id, conclusion="agree", opinion="同意")


def grant(world: Ports, officer: Actor, case_id: str) -> None:
    tasks.grant(world, officer, case_id, opinion="准予")


STATIONS = (
    ("receive", f.WINDOW, tasks.forward),
    ("accept", f.ACCEPTOR, tasks.accept),
    ("preliminary_review", f.BANNER_REVIEWER, agree),
    ("review", f.REVIEWER, agree),
    ("decide", f.DECIDER, grant),
)


def granted(world: Ports) -> str:
    """Decided for the applicant, the result not yet issued."""
    case_id = at(world, "decide")
    grant(world, f.DECIDER, case_id)
    return case_id


# -- items of the published catalogue --------------------------------------------------------------------


def filed(world: Ports, basic_code: str, actor: Actor = f.HERDER) -> str:
    """An application for any item of the world's catalogue, with what it requires, submitted online."""
    made = cases.open_draft(world, actor, Opening(basic_code, f.GACHA, Channel.WEB))
    item = world.catalog.offer(basic_code, f.GACHA)
    assert item is not None
    cases.save(
        world,
        actor,
        made.id,
        form=dict.fromkeys(item.form["required"], "示例"),
        materials=[
            SubmittedMaterial(m.code, "paper", m.name) for m in item.materials if m.necessity is Necessity.REQUIRED
        ],
        delivery="electronic",
        expected=made.version,
    )
    cases.submit(world, actor, made.id)
    return made.id


def officer_of(world: Ports, case_id: str) -> Actor:
    """Opens the pending task and claims it for an officer of the body that the route names."""
    opened(world, case_id)
    task = get(world, case_id).task
    assert task is not None
    officer = Actor(f"officer-{task.number}", ActorKind.OFFICER, body=task.body, roles=frozenset(Role))
    tasks.claim(world, officer, case_id)
    return officer
