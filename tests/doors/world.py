"""The whole interface over one world in memory: cases in every state, prepared once, put back after each change.

In memory, because ten thousand doors are tried: the repositories are the twins that the contract suite holds to
DynamoDB, everything above them is the product's own, from the event of API Gateway on.
"""

from __future__ import annotations

import base64
import copy
import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

from app import app
from chalicelib import wiring
from chalicelib.domain import webhooks
from chalicelib.domain.actors import Actor, ActorKind
from chalicelib.domain.catalog_search import SearchIndex
from chalicelib.domain.contacts import PostalAddress
from chalicelib.domain.enquiries import Question
from chalicelib.domain.mandates import Mandate, MandateState
from chalicelib.domain.uploads import UploadState, Wish, moved, opened, upload_id
from chalicelib.schemas.validation import JsonSchemaForms
from chalicelib.services import (
    authorities,
    cases,
    certificates,
    contacts,
    enquiries,
    messages,
    notices,
    tasks,
    uploads,
)
from chalicelib.services.cases import Opening
from chalicelib.services.ports import Receipt
from chalicelib.storage.catalog_memory import MemoryCatalog
from chalicelib.storage.divisions import packaged_divisions
from tests import edge_world, journey
from tests import factories as f
from tests import upload_files as files
from tests.bookings import AppointmentWorld
from tests.doors import policies, visiting
from tests.doors.people import ACTORS, NOBODY

ABSENT = "01ZZZZZZZZZZZZZZZZZZZZZZZZ"
WEBHOOK_SECRET = b"what providers sign with, in tests"


class Catalog(MemoryCatalog):
    """The start catalogue, and on top of it the made-up item of the tests."""

    def __init__(self, made_up: f.FakeCatalog) -> None:
        super().__init__()
        self._made_up = made_up

    def offer(self, basic_code: str, division: str) -> Any:
        return self._made_up.offer(basic_code, division) or super().offer(basic_code, division)

    def version(self, code: str, version: int) -> Any:
        return self._made_up.version(code, version) or super().version(code, version)

    def body(self, body_id: str) -> Any:
        return self._made_up.body(body_id) or super().body(body_id)

    def body_of(self, department: str, division: str) -> Any:
        return self._made_up.body_of(department, division) or super().body_of(department, division)

    def outlet_of(self, division: str) -> Any:
        return self._made_up.outlet_of(division) or super().outlet_of(division)

    @cached_property
    def _rows(self) -> SearchIndex:
        index = copy.copy(super().index())
        index.by_code = {**index.by_code, **self._made_up.index().by_code}
        return index

    def index(self) -> SearchIndex:
        return self._rows


@dataclass(frozen=True)
class Answer:
    """What came back. ``told`` is how the tables write it: ``200``, or status and code."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def body(self) -> Any:
        return json.loads(self.text)

    @property
    def told(self) -> str:
        return str(self.status) if self.status < 400 else f"{self.status} {self.body['code']}"


class Doors:
    """The world, its objects by name, and the way in."""

    def __init__(self) -> None:
        self.world = AppointmentWorld()
        self.world.catalog.publish(policies.item())
        self.world.catalog = Catalog(self.world.catalog)  # type: ignore[assignment]
        self.world.forms = JsonSchemaForms()  # type: ignore[assignment]
        settings = edge_world.settings(REGION_CODE=f.LEAGUE)
        members = {n: m for n, m in vars(self.world).items() if isinstance(vars(wiring.Wiring).get(n), cached_property)}
        members |= {
            "held": self.world.held,
            "divisions": packaged_divisions(),
            "webhook_secrets": lambda sender: [WEBHOOK_SECRET] if sender in ("sms", "post") else [],
            "_presence_secret": SimpleNamespace(versions=lambda: self.world.presence_secrets),
        }
        self.wiring = wiring.Wiring(settings, cursor_secret=b"a secret of thirty-two characters", **members)
        self.objects: dict[str, str] = {
            "absent": ABSENT,
            "year": "2026",
            "division": f.BANNER,
            "item": "150105902002",
            "list": "assisted",
            "sender": "sms",
        }
        self._prepare()
        world = self.world
        self._twins = (
            *(world.store, world.contacts, world.messages, world.uploads),
            *(world.place_store, world.appointments, world.tickets, world.visits),
        )
        self._numbers = itertools.count(1)
        self._kept = self._copied()

    # -- the way in ----------------------------------------------------------------------------------------

    def call(
        self,
        who: str,
        method: str,
        route: str,
        places: Mapping[str, str] | None = None,
        body: Any = None,
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        signed: bool = False,
    ) -> Answer:
        """One request as API Gateway delivers it, the authorizer's decision included. ``signed`` as a provider does."""
        path = route
        for name, value in (places or {}).items():
            path = path.replace(f"{{{name}}}", value)
        number = next(self._numbers)
        sent = {"content-type": "application/json", "idempotency-key": f"key-{number}", **(headers or {})}
        raw, encoded = _as_delivered(body)
        if signed:
            content = body if isinstance(body, bytes) else (raw or "").encode()
            sent |= webhooks.headers(f"call-{number}", self.world.clock.now(), content, WEBHOOK_SECRET)
        event = {
            "resource": route,
            "path": path,
            "httpMethod": method,
            "headers": sent,
            "multiValueHeaders": {name: [value] for name, value in sent.items()},
            "queryStringParameters": dict(query) if query else None,
            "multiValueQueryStringParameters": {n: [v] for n, v in query.items()} if query else None,
            "pathParameters": dict(places) if places else None,
            "stageVariables": None,
            "requestContext": {
                "resourcePath": route,
                "httpMethod": method,
                "path": path,
                "requestId": f"00000000-0000-4000-8000-{number:012}",
                "identity": {"sourceIp": "127.0.0.1"},
                **self._decision(who),
            },
            "body": raw,
            "isBase64Encoded": encoded,
        }
        answer = app(event, None)
        found = {**(answer.get("headers") or {})}
        return Answer(answer["statusCode"], found, answer.get("body") or "")

    def _decision(self, who: str) -> dict[str, Any]:
        actor = ACTORS[who]
        if actor is NOBODY:
            return {}
        over = self.world.clock.now().timestamp() + (-100 if who == "expired" else 3600)
        return {"authorizer": context_of(actor, int(over))}

    # -- putting back ----------------------------------------------------------------------------------------

    def put_back(self) -> None:
        """Undo whatever the last request changed."""
        for twin, kept in zip(self._twins, copy.deepcopy(self._kept), strict=True):
            vars(twin).update(kept)
        self.wiring.__dict__.pop("places", None)  # it remembers for a minute

    def _copied(self) -> list[dict[str, Any]]:
        return [
            copy.deepcopy({n: v for n, v in vars(twin).items() if isinstance(v, dict | list | set)})
            for twin in self._twins
        ]

    # -- what there is ---------------------------------------------------------------------------------------

    def _prepare(self) -> None:
        world, made = self.world, self.objects
        authority = journey.authorised(world)
        made["draft"] = journey.drafted(world, f.AGENT, f.Channel.STATION, authority=authority)
        made["received"] = journey.submitted(world)
        journey.opened(world, made["received"])
        for name, node in (("accepting", "accept"), ("reviewing", "review"), ("deciding", "decide")):
            made[name] = journey.at(world, node)
        made["waiting"] = journey.at(world, "preliminary_review")
        tasks.release(world, f.BANNER_REVIEWER, made["waiting"], reason="出差")
        made["correcting"] = journey.at(world, "accept")
        demand = notices.Demand("/form/subject", "与证书不一致")
        notices.notify(world, f.ACCEPTOR, made["correcting"], [demand], lambda v: v.code)
        made["withdrawn"] = journey.submitted(world)
        cases.withdraw(world, f.HERDER, made["withdrawn"], "不办了")
        made["granted"] = journey.granted(world)
        for name in ("issued", "closed"):
            made[name] = journey.granted(world)
            certificates.issue(world, made[name])
        cases.confirm_receipt(world, f.HERDER, made["closed"])
        self._more_drafts()
        self._walk_in()
        policies.prepare(world, made)
        self._beside()
        visiting.prepare(world, made)

    def _more_drafts(self) -> None:
        world, made = self.world, self.objects
        ended = journey.authorised(world)
        made["lapsed"] = journey.drafted(world, f.AGENT, f.Channel.STATION, authority=ended)
        authorities.revoke(world, f.HERDER, ended)
        opening = Opening(f.BASIC, f.SUM, f.Channel.WINDOW, presence=f.presence_of(world))
        made["counter"] = cases.open_draft(world, f.WINDOW, opening).id
        made["presence"] = f.presence_of(world)

    def _walk_in(self) -> None:
        world, made = self.world, self.objects
        case_id = journey.drafted(world, f.WINDOW, f.Channel.WINDOW, delivery="window", identity=f.SHOWN)
        cases.submit(world, f.WINDOW, case_id)
        journey.opened(world, case_id)
        made["walk-in"], made["receipt"] = case_id, journey.get(world, case_id).documents[0].number

    def _beside(self) -> None:
        world, made = self.world, self.objects
        until = world.clock.now().replace(year=world.clock.now().year + 1)
        terms = authorities.propose(world, f.AGENT, principal=f.HERDER.subject, items=(f.BASIC,), until=until)
        made["authority-proposed"] = terms.id
        made["authority-given"] = journey.authorised(world)
        document = journey.get(world, made["issued"]).documents[0]
        made |= {"document": document.number, "document code": document.code}
        made |= {
            "document-miscoded": document.number,
            "document-miscoded code": f"{document.code[1:]}{document.code[0]}",
        }
        made["certificate"] = journey.get(world, made["issued"]).certificate
        made["contact"] = contacts.add(world, f.HERDER, address=PostalAddress("其其格", "辉腾街9号", "026000")).id
        last = journey.get(world, made["issued"]).version
        told = [messages.tell(world, made["issued"], number + 1) for number in range(last)]
        made["message"] = next(message.id for message in told if message)
        for officer, name in ((f.DECIDER, "deciding"), (f.REVIEWER, "reviewing")):
            for part in ("case", "timeline"):
                cases.read(world, officer, made[name], part)
        draft = made["draft"]
        pdf = files.pdf()
        wish = files.wish(pdf, material="m1")
        made["upload"] = uploads.announce(world, f.HERDER, draft, wish).id
        made["upload-lapsed"] = uploads.announce(world, f.HERDER, made["lapsed"], wish).id
        made["upload-reviewing"] = self._clean(made["reviewing"], wish)
        asked = enquiries.ask(world, f.WINDOW, Question("需要什么材料?", f.BASIC, "13800000000"))
        made["enquiry"] = asked.id
        offered = enquiries.ask(world, f.WINDOW, Question("何时办结?", f.BASIC, "13800000000"))
        enquiries.offer(world, f.WINDOW, offered.id, officer="", body=f.BANNER_BUREAU.id, reason="属于教育部门职责")
        made["enquiry-offered"] = offered.id
        made["mandate"] = self._mandate()
        self._mandate()

    def _mandate(self) -> str:
        now = self.world.clock.now()
        made = Mandate(
            id=self.world.ids.new(now),
            version=1,
            state=MandateState.GIVEN,
            body=f.LEAGUE_BUREAU.id,
            officer=f.DECIDER.subject,
            items=(f.BASIC,),
            max_amount=None,
            since=now,
            until=now.replace(year=now.year + 1),
            given_by="head",
            given_at=now,
        )
        self.world.mandates.commit(made, expected_version=0, key=None, receipt=Receipt("mandate", made.id, 1, (), {}))
        return made.id

    def _clean(self, case_id: str, wish: Wish) -> str:
        now = self.world.clock.now()
        upload = opened(upload_id(case_id, self.world.ids.new(now)), wish, now)
        self.world.uploads.commit(upload, expected_version=0)
        clean = moved(moved(upload, UploadState.CHECKING, now), UploadState.CLEAN, now)
        self.world.uploads.commit(clean, expected_version=upload.version)
        return upload.id


def _as_delivered(body: Any) -> tuple[str | None, bool]:
    """A body as the gateway hands it on: bytes that may be no text in Base64."""
    if isinstance(body, bytes):
        return base64.b64encode(body).decode(), True
    return (None if body is None else json.dumps(body, ensure_ascii=False)), False


def context_of(actor: Actor, expires: int) -> dict[str, str]:
    """What the authorizer hands on for an account."""
    assert actor.kind is not ActorKind.SYSTEM
    return {
        "subject": actor.subject,
        "kind": actor.kind.value,
        "name": quote(actor.name),
        "body": actor.body,
        "division": actor.division,
        "roles": ",".join(sorted(actor.roles)),
        "expires": str(expires),
    }
