"""The numbers and documents that a lapse needs before it becomes a fact: only the outside can give them.

They stand together here, apart from the use cases of their parts, so that whoever settles a case has all of them.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from functools import singledispatch

from chalicelib.domain import documents
from chalicelib.domain.cases import Case
from chalicelib.domain.documents import DocumentKind
from chalicelib.domain.renewals import DeemRenewed
from chalicelib.services.ports import Ports


@singledispatch
def complete(command: object, ports: Ports, case: Case, at: datetime) -> object:
    """The command of a lapse, ready to be handled. ``at`` is the moment from which it counts."""
    raise TypeError(f"nobody said what {type(command).__name__} needs")


@complete.register
def _deem_renewed(command: DeemRenewed, ports: Ports, case: Case, at: datetime) -> DeemRenewed:
    body = command.document.body
    return replace(command, document=documents.write(case, DocumentKind.DEEMED_RENEWAL, at, body))
