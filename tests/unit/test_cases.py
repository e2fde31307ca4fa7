"""The transition table of a case, row by row, and the fold of its log."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain import case_commands as c
from chalicelib.domain import cases
from chalicelib.domain.case_events import Document, SubmittedMaterial
from chalicelib.domain.cases import Case, CaseState, Task
from chalicelib.domain.errors import DomainError, Invalid, Refused, Violation
from chalicelib.domain.routing import Route, plan
from chalicelib.services import cases as use_cases
from chalicelib.services import certificates, tasks
from chalicelib.services.cases import _ref
from tests import factories as f
from tests import journey

DOCUMENT = Document("N-1", "acceptance", f.START, "body", "0" * 64)
ROUTE = plan(f.item(), f.GACHA, f.GACHA, body_of=f.FakeCatalog().body_of, outlet_of=f.FakeCatalog().outlet_of)


def in_state(state: CaseState, **changes: Any) -> Case:
    """A case in a state, standing on the node ``position`` with a task that the decider holds."""
    draft, _ = cases.open_draft(
        c.OpenDraft("case", _ref(f.item()), f.item_party(), f.GACHA, f.Channel.STATION, f.GACHA), f.HERDER, f.START
    )
    made = replace(
        draft,
        state=state,
        version=7,
        route=ROUTE,
        materials=(journey.APPLICATION,),
        form={"subject": "x"},
        workflow_attempt=1,
        tasks=1,
    )
    return replace(made, **changes)


def task(role: str, assignee: str = f.DECIDER.subject) -> Task:
    return Task(1, role, f.LEAGUE_BUREAU.id, f.START, assignee)


COMMANDS: dict[str, Any] = {
    "save": c.SaveApplication(_ref(f.item()), {}, (), "electronic"),
    "submit": c.Submit(f.item(), (), "R1", ROUTE, DOCUMENT),
    "open_task": c.OpenTask(1),
    "claim": c.Claim(),
    "transfer": c.Transfer("other", "忙"),
    "release": c.Release("病"),
    "forward": c.Forward(),
    "accept": c.Accept("C1", DOCUMENT),
    "refuse_acceptance": c.RefuseAcceptance("not_a_matter", "无需许可", "", DOCUMENT),
    "opinion": c.GiveOpinion("agree", "同意"),
    "return": c.Return("意见不清"),
    "grant": c.Grant("", DOCUMENT),
    "refuse": c.Refuse("不符合条件", "六十日内可申请行政复议", DOCUMENT),
    "withdraw": c.Withdraw(),
    "issue": c.Issue("1.2"),
    "hand_over": c.HandOver("window"),
    "confirm": c.ConfirmReceipt(),
    "discard": c.Discard("unwanted"),
    "death": c.RecordWorkflowDeath(1),
    "restart": c.RestartWorkflow("重试"),
}

# What each command needs of a case besides its state, to isolate the state rule.
FIT: dict[str, dict[str, Any]] = {
    "open_task": {"task": None},
    "claim": {"task": task("decide", "")},
    "transfer": {"task": task("decide")},
    "release": {"task": task("decide")},
    "forward": {"task": task("receive")},
    "accept": {"task": task("accept"), "position": 1},
    "refuse_acceptance": {"task": task("accept"), "position": 1},
    "opinion": {"task": task("review"), "position": 3},
    "return": {"task": task("decide"), "position": 4},
    "grant": {"task": task("decide"), "position": 4},
    "refuse": {"task": task("decide"), "position": 4},
    "hand_over": {"task": task("deliver"), "position": 5},
    "restart": {"workflow_dead": True},
}

# Written by hand from the law's order of things, not derived from the table under test.
ALLOWED: dict[str, set[str]] = {
    "draft": {"save", "submit", "discard"},
    "received": {
        *("open_task", "claim", "transfer", "release", "forward", "accept"),
        *("refuse_acceptance", "withdraw", "death", "restart"),
    },
    "correcting": {"open_task", "claim", "transfer", "release", "withdraw", "death", "restart"},
    "in_review": {
        *("open_task", "claim", "transfer", "release", "opinion", "return"),
        *("grant", "refuse", "withdraw", "death", "restart"),
    },
    # Claiming, transferring and releasing after the decision are about the task of delivery, or of a promise's check.
    "granted": {"issue", "claim", "transfer", "release"},
    "refused": {"claim", "transfer", "release", "hand_over", "confirm"},
    "issued": {"claim", "transfer", "release", "hand_over", "confirm"},
    "not_accepted": set(),
    "closed": {"claim", "transfer", "release"},
    "revoked": set(),
    "withdrawn": set(),
    "acceptance_revoked": set(),
    "discarded": set(),
}


@pytest.mark.parametrize("state", list(CaseState))
@pytest.mark.parametrize("name", list(COMMANDS))
def test_a_command_is_possible_in_exactly_the_states_of_the_table(state: CaseState, name: str) -> None:
    case = in_state(state, **FIT.get(name, {}))
    if name in ALLOWED[state]:
        after, events = cases.handle(case, COMMANDS[name], f.DECIDER, f.START)
        assert after.version == case.version + len(events)
        assert events
    else:
        with pytest.raises(Refused) as refusal:
            cases.handle(case, COMMANDS[name], f.DECIDER, f.START)
        assert refusal.value.code == "case.wrong-state"


@pytest.mark.parametrize(
    ("changes", "command", "code"),
    [
        ({"task": None}, "grant", "task.none-open"),
        ({"task": task("decide", "")}, "grant", "task.not-claimed-by-you"),
        ({"task": task("decide", "another")}, "grant", "task.not-claimed-by-you"),
        ({"task": task("review"), "position": 3}, "grant", "task.wrong-act"),
        ({"task": task("decide"), "position": 4}, "opinion", "task.wrong-act"),
        ({"task": task("decide", "another")}, "claim", "task.already-claimed"),
        ({"task": task("decide", "")}, "release", "task.not-claimed"),
        ({"task": task("preliminary_review"), "position": 2}, "return", "task.return-target"),
        ({"task": task("decide"), "position": 4}, "open_task", "workflow.nothing-to-open"),
        ({"task": None, "workflow_attempt": 2}, "open_task", "workflow.superseded"),
        ({"workflow_attempt": 2}, "death", "workflow.superseded"),
        ({"workflow_dead": True}, "death", "workflow.already-dead"),
        ({}, "restart", "workflow.alive"),
    ],
)
def test_a_broken_rule_is_refused_by_its_code(changes: dict[str, Any], command: str, code: str) -> None:
    with pytest.raises(Refused) as refusal:
        cases.handle(in_state(CaseState.IN_REVIEW, **changes), COMMANDS[command], f.DECIDER, f.START)
    assert code in [v.code for v in refusal.value.violations]


def test_a_task_is_not_transferred_to_its_holder_nor_without_a_reason() -> None:
    case = in_state(CaseState.IN_REVIEW, task=task("decide"))
    with pytest.raises(Refused) as refusal:
        cases.handle(case, c.Transfer(f.DECIDER.subject, "  "), f.DECIDER, f.START)
    assert [v.code for v in refusal.value.violations] == ["case.text-missing", "task.transfer-to-holder"]


def test_a_refusal_without_remedies_is_refused() -> None:
    case = in_state(CaseState.IN_REVIEW, task=task("decide"), position=4)
    with pytest.raises(Refused) as refusal:
        cases.handle(case, c.Refuse("不符合", " ", DOCUMENT), f.DECIDER, f.START)
    assert [(v.code, v.pointer) for v in refusal.value.violations] == [("case.text-missing", "/remedies")]


def test_missing_surplus_and_repeated_materials_and_form_defects_are_named_at_once() -> None:
    case = in_state(
        CaseState.DRAFT,
        materials=(
            SubmittedMaterial("m2", "paper", "证明"),
            SubmittedMaterial("m9", "paper", "其他"),
            SubmittedMaterial("m2", "paper", "证明"),
        ),
    )
    command = replace(COMMANDS["submit"], unfit=(Violation("schema.required", "/form/subject"),))
    with pytest.raises(Invalid) as refusal:
        cases.handle(case, command, f.HERDER, f.START)
    assert [(v.code, v.pointer) for v in refusal.value.violations] == [
        ("schema.required", "/form/subject"),
        ("material.missing", "/materials"),
        ("material.surplus", "/materials/1/code"),
        ("material.repeated", "/materials/2/code"),
    ]


def test_a_draft_of_a_version_that_is_no_longer_in_force_is_not_submitted() -> None:
    with pytest.raises(Refused) as refusal:
        cases.handle(in_state(CaseState.DRAFT), replace(COMMANDS["submit"], item=f.item(version=2)), f.HERDER, f.START)
    assert refusal.value.code == "item.version-not-in-force"


@pytest.mark.requirement("F4")
def test_a_returned_case_goes_through_the_later_nodes_again() -> None:
    world = f.World()
    case_id = journey.at(world, "review")
    tasks.send_back(world, f.REVIEWER, case_id, reason="意见不清", position=None)
    assert journey.get(world, case_id).position == 2
    for officer in (f.BANNER_REVIEWER, f.REVIEWER):
        journey.opened(world, case_id)
        tasks.claim(world, officer, case_id)
        journey.agree(world, officer, case_id)
    assert journey.get(world, case_id).pending_node == ROUTE.nodes[4]


def test_the_snapshot_of_a_finished_case_is_the_fold_of_its_log() -> None:
    world = f.World()
    case_id = journey.granted(world)
    certificates.issue(world, case_id)
    use_cases.confirm_receipt(world, f.HERDER, case_id)
    case = journey.get(world, case_id)
    assert case.state is CaseState.CLOSED
    assert cases.fold(tuple(world.cases.log(case_id))) == replace(case, log_head="")


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(sorted(COMMANDS)), max_size=40), st.data())
def test_whatever_is_tried_state_and_log_agree_and_numbers_never_jump(names: list[str], data: st.DataObject) -> None:
    case, first = cases.open_draft(
        c.OpenDraft("case", _ref(f.item()), f.item_party(), f.GACHA, f.Channel.STATION, f.GACHA), f.HERDER, f.START
    )
    log = [*first]
    for name in names:
        command = COMMANDS[name]
        if name == "save":
            command = replace(command, form={"subject": "x"}, materials=(journey.APPLICATION,))
        officer = data.draw(st.sampled_from([f.HERDER, f.DECIDER, f.REVIEWER]))
        try:
            case, events = cases.handle(case, command, officer, f.START)
        except DomainError:
            continue
        log += events
    assert [record.number for record in log] == list(range(1, len(log) + 1))
    assert cases.fold(tuple(log)) == case
    assert case.task is None or case.state in {"received", "correcting", "in_review", "issued", "refused"}
    assert isinstance(case.route, Route)
