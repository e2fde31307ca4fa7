"""One case from filing to closing, over HTTP in the emulated cloud on the real engine: what it costs in all."""

from __future__ import annotations

import threading

from infra.local import emulator
from infra.local.cloud import EmulatedCloud
from tests.benchmarks.figures import Report, median
from tests.benchmarks.stand import Calls
from tests.e2e.scenario_main import Main


class Journey(Main):
    """Scenario ``main`` without its detours: no notice, no return, no transfer, no procedure."""

    def begin(self) -> str:
        self.herder, self.agent, self.window = (self.person(p) for p in ("herder", "agent", "sum-window"))
        return self.file(self.authorise())

    def officers(self) -> list[tuple[str, str, str, dict[str, str]]]:
        """Who works, in which queue, by which act."""
        agree = {"conclusion": "agree", "opinion": "同意"}
        return [
            ("sum-window", "receive", "forwarding", {"note": "身份已核对"}),
            ("banner-acceptance", "accept", "acceptance", {}),
            ("banner-review", "preliminary_review", "opinion", agree),
            ("league-review", "review", "opinion", agree),
            ("league-decision", "decide", "grant", {"opinion": "符合条件,准予"}),
        ]


def routed_case(calls: Calls, engine_url: str, report: Report) -> None:
    """State transitions, consumed capacity, and the calls of an officer's act, of one routed case."""
    cloud = EmulatedCloud("xilingol", engine_url=engine_url)
    reads, writes = [], []
    try:
        cloud.start()
        journey = Journey(cloud.url, say=lambda _: None)
        with calls.count():
            case_id = journey.begin()
            cloud.settle()
            spent = dict(calls.units)
        for person, queue, act, body in journey.officers():
            officer = journey.person(person)
            with calls.count():
                journey.find(case_id, officer, queue)
                officer.post(f"/v1/cases/{case_id}/claim")
                cloud.settle()
                _add(spent, calls)
            # Only what the request itself calls: the relay and the workflow go on in other threads.
            with calls.count(lambda: threading.current_thread().name.startswith("api")):
                officer.post(f"/v1/cases/{case_id}/{act}", body or None)
                reads.append(calls.reads)
                writes.append(calls.writes)
                _add(spent, calls)
            with calls.count():
                cloud.settle()
                _add(spent, calls)
        with calls.count():
            journey.verify(case_id)
            journey.herder.post(f"/v1/cases/{case_id}/receipt-confirmation")
            cloud.settle()
            _add(spent, calls)
        transitions = _transitions(case_id)
        nodes = len(journey.officers())
        failures = cloud.failures()
    finally:
        cloud.stop()
    if failures:
        raise AssertionError("\n".join(failures))
    report.say("officer_act_reads", median(reads), "calls")
    report.say("officer_act_writes", median(writes), "calls")
    report.say("transitions_per_case", transitions, "transitions", f"<= {2 * nodes + 3}")
    report.say("nodes_per_case", nodes, "nodes")
    report.say("write_units_per_case", spent.get("write", 0), "units")
    report.say("read_units_per_case", spent.get("read", 0), "units")


def _add(spent: dict[str, int], calls: Calls) -> None:
    for side, units in calls.units.items():
        spent[side] = spent.get(side, 0) + units


def _transitions(case_id: str) -> int:
    """States that the case's executions entered: what Step Functions charges for."""
    client = emulator.client("stepfunctions")
    entered = 0
    for machine in client.list_state_machines()["stateMachines"]:
        for execution in client.list_executions(stateMachineArn=machine["stateMachineArn"])["executions"]:
            if execution["name"].startswith(case_id):
                history = client.get_execution_history(executionArn=execution["executionArn"], maxResults=1000)
                entered += sum(event["type"].endswith("StateEntered") for event in history["events"])
    return entered
