"""Acts that go with a written notice: the notice says exactly what the act's event tells."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from chalicelib.domain import cases
from chalicelib.domain.actors import Actor
from chalicelib.domain.case_rules import Act
from chalicelib.domain.cases import Case
from chalicelib.domain.documents import DocumentKind
from chalicelib.services import lapses
from chalicelib.services.changes import change
from chalicelib.services.documents import write
from chalicelib.services.ports import Ports, Receipt, RequestKey


def change_in_writing(
    ports: Ports, actor: Actor, case_id: str, command: Any, kind: DocumentKind, key: RequestKey | None
) -> Receipt:
    """Do an act whose command has a ``document``, and write that document in the name of the body at work.

    The act is judged before anything is written, so that a refused one leaves no number behind.
    """

    def build(case: Case, now: datetime) -> object:
        act = Act(actor, now, lapses.law_of(ports, case))
        cases.judge(case, command, act)
        told = cases.TRANSITIONS[type(command)].emit(case, command, act)[0].told
        return replace(command, document=write(ports, case, kind, now, **told))

    return change(ports, actor, case_id, type(command), build, key=key)
