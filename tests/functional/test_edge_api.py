"""A route from gateway event to answer, on a small app: reading, refusing, replaying, answering."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from chalice.app import Chalice
from chalice.test import Client, HTTPResponse
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain.errors import Conflict, DomainError, Forbidden, Invalid, NotFound, Refused, Stale, Unavailable
from chalicelib.edge.api import ApiBlueprint, Auth, Reply, Request, last_resort, receipt_reply, specs
from chalicelib.edge.authorizer import authorizers
from chalicelib.schemas import validation
from chalicelib.services.ports import Receipt, StoredReceipt
from tests.edge_world import World, installed, person, token

bp = ApiBlueprint(__name__, tag="cases")
FAILURES: dict[str, DomainError | Exception] = {
    "forbidden": Forbidden.because("case.act-not-yours"),
    "refused": Refused.because("case.wrong-state", state="draft"),
    "conflict": Conflict.because("store.conflict"),
    "stale": Stale.because("case.stale", current=7),
    "absent": NotFound.because("case.not-found"),
    "invalid": Invalid.because("item.not-offered", "/item"),
    "unavailable": Unavailable.because("store.unavailable"),
    "bug": RuntimeError("150102199001010000"),
    "recursion": RecursionError("150102199001010000"),
}
_seen: list[Request] = []


@bp.route_v1(
    "POST",
    "/things/{name}",
    summary=("建", "Make"),
    request="tasks/reason",
    response="elements/receipt",
    status=201,
    keyed=True,
)
def make_thing(request: Request) -> Reply:
    """Makes a thing once."""
    _seen.append(request)
    _fail(request.body["reason"])
    receipt = Receipt("case", request.path["name"], 1, (1,), {"number": "7"})
    return receipt_reply(receipt)


@bp.route_v1("PUT", "/things/{name}", summary=("改", "Change"), request="elements/text", if_match=True)
def change_thing(request: Request) -> Reply:
    """Replaces a thing."""
    _seen.append(request)
    return Reply({"version": request.version, **request.body}, etag=request.version + 1)


@bp.route_v1("POST", "/things/{name}/end", summary=("停", "End"), response="elements/receipt", keyed=True)
def end_thing(request: Request) -> Reply:
    """Takes no body."""
    return receipt_reply(Receipt("case", request.path["name"], 2, (2,), {}))


@bp.route_v1("GET", "/things", summary=("列", "List"), query="elements/query")
def list_things(request: Request) -> Reply:
    """A page of things."""
    start = int(request.position() or 0)
    return Reply({"from": start, "limit": request.limit, "next": request.cursor(str(start + request.limit))})


@bp.route_v1("GET", "/open/{name}", summary=("看", "Look"), auth=Auth.PUBLIC)
def look(request: Request) -> Reply:
    """Open to everybody."""
    _fail(request.path["name"])
    return Reply({"name": request.path["name"], "base": request.base_url, "query": dict(request.query)})


@bp.route_v1("GET", "/page", summary=("页", "Page"), auth=Auth.PUBLIC, content_type="text/html")
def page(request: Request) -> Reply:
    """A page."""
    return Reply("<style>p{}</style><p>中</p><script>evil()</script>", content_type="text/html; charset=utf-8")


@bp.route_v1("GET", "/nan", summary=("坏", "Bad"), auth=Auth.PUBLIC)
def bad_answer(request: Request) -> Reply:
    """Answers what is no JSON."""
    return Reply({"x": float("nan")})


def _fail(name: str) -> None:
    if name in FAILURES:
        raise FAILURES[name]


app = Chalice(app_name="test-edge", configure_logs=False)
app.api.cors = True
app.register_middleware(last_resort, "http")
app.register_blueprint(authorizers)
app.register_blueprint(bp)

TOKEN = token(person())
HEADERS = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
KEYED = {**HEADERS, "Idempotency-Key": "key-1"}


@pytest.fixture(autouse=True)
def world() -> Iterator[World]:
    _seen.clear()
    with installed() as made:
        yield made


def call(method: str, path: str, headers: Mapping[str, str] = HEADERS, body: Any = b"") -> HTTPResponse:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    # as a gateway delivers it
    lower = {name.lower(): value for name, value in headers.items()}
    with Client(app) as client:
        return client.http.request(method, path, headers=lower, body=raw)


def refused(response: HTTPResponse, status: int, *codes: str) -> dict[str, Any]:
    """The response is a problem with this status and exactly these codes."""
    assert response.headers["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = json.loads(response.body)
    assert validation.named_violations("elements/problem", body) == ()
    assert (response.status_code, body["status"]) == (status, status), body
    assert [error["code"] for error in body["errors"]] == list(codes)
    assert response.headers["Cache-Control"] == "no-store"
    return body


# -- what a view gets ------------------------------------------------------------------------------------


def test_a_judged_request_reaches_the_view_and_its_receipt_the_client(world: World) -> None:
    response = call("POST", "/v1/things/%E4%B8%AD%2F1", KEYED, {"reason": "乌兰"})
    assert response.status_code == 201
    assert response.json_body == {"id": "中/1", "version": 1, "events": [1], "result": {"number": "7"}}
    assert response.headers["ETag"] == '"1"'
    assert response.headers["Location"] == "https://onewindow.test/v1/cases/%E4%B8%AD%2F1"
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    (request,) = _seen
    assert (request.who.subject, request.who.name) == ("person-1", "乌兰")
    assert request.once.scope != request.once.content
    assert world.receipts.asked == 0, "a success costs no extra read"


def test_a_public_route_needs_no_token_and_ignores_what_messengers_add_to_links() -> None:
    response = call("GET", "/v1/open/x?from=singlemessage", {})
    assert response.json_body == {"name": "x", "base": "https://onewindow.test", "query": {}}
    assert "Cache-Control" not in response.headers


def test_without_a_configured_address_the_request_tells_it() -> None:
    with installed(PUBLIC_BASE_URL=""):
        good = call("GET", "/v1/open/x", {"host": "one.test:8000"})
        forged = call("GET", "/v1/open/x", {"host": "one.test/<script>"})
    assert good.json_body["base"] == "http://one.test:8000"
    assert forged.json_body["base"] == ""


def test_a_page_may_load_nothing_and_run_nothing() -> None:
    policy = call("GET", "/v1/page", {}).headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "style-src 'sha256-" in policy
    assert "script-src" not in policy


# -- identity --------------------------------------------------------------------------------------------


@pytest.mark.requirement("H3")
def test_the_edge_decides_once_more_whether_there_is_an_identity() -> None:
    event = _event("GET", "/v1/things")
    refused(_direct(event), 401, "access.token-missing")
    event["requestContext"]["authorizer"] = {"principalId": "person-1"}
    refused(_direct(event), 401, "access.token-missing")


def test_an_issuer_that_is_away_is_a_503_that_says_so(world: World) -> None:
    world.keys.away = True
    response = call("GET", "/v1/things")
    refused(response, 503, "access.issuer-unavailable")
    assert response.headers["Retry-After"] == "5"


def test_a_token_that_expired_after_the_gateway_kept_its_decision_is_refused(world: World) -> None:
    event = _event("GET", "/v1/things")
    event["requestContext"]["authorizer"] = {
        "subject": "person-1", "kind": "person", "name": "", "body": "", "division": "", "roles": "", "expires": "1",
    }  # fmt: skip
    response = _direct(event)
    refused(response, 401, "access.token-expired")
    assert response.headers["WWW-Authenticate"].startswith("Bearer")


# -- the body --------------------------------------------------------------------------------------------

BODIES: list[tuple[bytes, int, str]] = [
    (b"", 400, "request.body-missing"),
    (b"  \n", 400, "request.body-missing"),
    (b"{", 400, "request.not-json"),
    (b'{"reason": NaN}', 400, "request.not-json"),
    (b'{"reason": 1e999}', 400, "request.number-range"),
    (b'{"reason": 9007199254740993}', 400, "request.number-range"),
    (b'{"reason": "a", "reason": "b"}', 400, "request.duplicate-member"),
    (b'{"reason": "\\ud800"}', 400, "request.lone-surrogate"),
    (b"[" * 100_000, 400, "request.too-deep"),
    (b"\xef\xbb\xbf{}", 400, "request.bom"),
    ('{"reason": "中"}'.encode("gb18030"), 400, "request.not-utf8"),
    (b'{"reason": "' + b"a" * 262_144 + b'"}', 413, "request.body-too-large"),
]


@pytest.mark.parametrize(("raw", "status", "code"), BODIES)
def test_what_is_not_strict_json_is_refused_with_its_code(raw: bytes, status: int, code: str) -> None:
    event = _event("POST", "/v1/things/{name}", headers={"idempotency-key": "k"}, raw=raw)
    refused(_direct(event), status, code)


@pytest.mark.parametrize(
    "kind",
    ["application/json", "Application/JSON", "application/json; charset=UTF-8", 'application/json;charset="utf-8"'],
)
def test_json_may_be_announced_in_any_case(kind: str) -> None:
    assert call("POST", "/v1/things/x", {**KEYED, "Content-Type": kind}, {"reason": "x"}).status_code == 201


@pytest.mark.parametrize(
    "kind", ["", "text/plain", "application/jsonp", "application/json; charset=gbk", "application/merge-patch+json"]
)
def test_any_other_type_is_415(kind: str) -> None:
    headers = {**KEYED, "Content-Type": kind}
    refused(call("POST", "/v1/things/x", headers, {"reason": "x"}), 415, "request.content-type")


def test_a_compressed_body_is_415() -> None:
    headers = {**KEYED, "Content-Encoding": "gzip"}
    refused(call("POST", "/v1/things/x", headers, {"reason": "x"}), 415, "request.content-encoding")


def test_a_route_without_body_takes_none_or_an_empty_object() -> None:
    assert call("POST", "/v1/things/x/end", KEYED).status_code == 200
    assert call("POST", "/v1/things/x/end", KEYED, {}).status_code == 200
    refused(call("POST", "/v1/things/x/end", KEYED, {"a": 1}), 400, "request.body-unexpected")


def test_every_violation_of_the_body_is_named_at_once() -> None:
    body = {"zh": 1, "surplus": "x\x00"}
    problem = refused(
        call("PUT", "/v1/things/x", {**HEADERS, "If-Match": '"1"'}, body),
        422,
        "request.control-character",
        "schema.required",
        "schema.unexpected",
        "schema.type",
    )
    assert [e["pointer"] for e in problem["errors"]] == ["/surplus", "/en", "/surplus", "/zh"]


# -- path and query ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a%00b", "%ff", "x" * 200, "%0a%1b"])
def test_a_path_that_can_name_nothing_is_not_found(name: str) -> None:
    response = call("GET", f"/v1/open/{name}", {})
    assert response.status_code == 404
    assert json.loads(response.body)["code"] == "request.not-found"


@pytest.mark.parametrize(
    ("query", "codes"),
    [
        ("limit=0", ["schema.minimum"]),
        ("limit=101", ["schema.maximum"]),
        ("limit=1.5", ["schema.type"]),
        ("limit=%EF%BC%91", ["schema.type"]),
        ("limit=", ["schema.type"]),
        ("limit=1&limit=2", ["request.query-repeated"]),
        ("limit=x&colour=red", ["schema.unexpected", "schema.type"]),
    ],
)
def test_every_wrong_parameter_is_named_at_once(query: str, codes: list[str]) -> None:
    problem = refused(call("GET", f"/v1/things?{query}"), 422, *codes)
    assert all(e["pointer"].startswith("/query/") for e in problem["errors"])


def test_a_cursor_leads_on_and_belongs_to_its_caller() -> None:
    first = call("GET", "/v1/things?limit=2").json_body
    assert first["from"] == 0
    second = call("GET", f"/v1/things?limit=5&cursor={first['next']}").json_body
    assert second["from"] == 2
    stranger = {**HEADERS, "Authorization": f"Bearer {token(person('person-2'))}"}
    refused(call("GET", f"/v1/things?cursor={first['next']}", stranger), 400, "request.cursor-invalid")
    refused(call("GET", "/v1/things?cursor=bogus"), 400, "request.cursor-invalid")


# -- If-Match --------------------------------------------------------------------------------------------


def test_a_version_goes_in_as_if_match_and_out_as_etag() -> None:
    response = call("PUT", "/v1/things/x", {**HEADERS, "If-Match": '"3"'}, {"zh": "中", "en": "x"})
    assert response.json_body["version"] == 3
    assert response.headers["ETag"] == '"4"'


def test_a_missing_version_is_428() -> None:
    refused(call("PUT", "/v1/things/x", HEADERS, {"zh": "中", "en": "x"}), 428, "request.if-match-missing")


@pytest.mark.parametrize("value", ["3", "*", 'W/"3"', '"3", "4"', '"-1"', '"03"', '"３"', '"' + "9" * 30 + '"', '""'])
def test_anything_but_one_quoted_version_is_refused(value: str) -> None:
    response = call("PUT", "/v1/things/x", {**HEADERS, "If-Match": value}, {"zh": "中", "en": "x"})
    refused(response, 400, "request.if-match-malformed")


# -- Idempotency-Key ---------------------------------------------------------------------------------------


def test_a_keyed_route_without_key_is_refused() -> None:
    refused(call("POST", "/v1/things/x", HEADERS, {"reason": "x"}), 400, "request.idempotency-key-missing")


@pytest.mark.parametrize("key", ["a" * 65, "a b", "中", "a\tb", '""'])
def test_a_key_outside_its_grammar_is_refused(key: str) -> None:
    headers = {**HEADERS, "Idempotency-Key": key}
    refused(call("POST", "/v1/things/x", headers, {"reason": "x"}), 400, "request.idempotency-key-malformed")


def scope_and_content(path: str, headers: Mapping[str, str], body: Any) -> tuple[str, str]:
    call("POST", path, headers, body)
    key = _seen.pop().once
    return key.scope, key.content


def test_a_key_is_scoped_by_principal_and_route_and_not_by_the_order_of_members() -> None:
    base = scope_and_content("/v1/things/x", KEYED, {"reason": "r"})
    assert scope_and_content("/v1/things/x", KEYED, {"reason": "r"}) == base
    assert scope_and_content("/v1/things/x", {**KEYED, "Idempotency-Key": '"key-1"'}, {"reason": "r"}) == base
    assert scope_and_content("/v1/things/y", KEYED, {"reason": "r"})[0] != base[0]
    other = {**KEYED, "Authorization": f"Bearer {token(person('person-2'))}"}
    assert scope_and_content("/v1/things/x", other, {"reason": "r"})[0] != base[0]
    assert scope_and_content("/v1/things/x", {**KEYED, "Idempotency-Key": "key-2"}, {"reason": "r"})[0] != base[0]
    same_scope, other_content = scope_and_content("/v1/things/x", KEYED, {"reason": "s"})
    assert same_scope == base[0]
    assert other_content != base[1]


RECEIPT = Receipt("case", "x", 3, (2, 3), {"receipt_number": "R1"})


def remember(world: World, body: Any, path: str = "/v1/things/x") -> None:
    scope, content = scope_and_content(path, KEYED, {"reason": "r"})
    if body != {"reason": "r"}:
        content = scope_and_content(path, KEYED, body)[1]
    world.receipts.stored[scope] = StoredReceipt(content, RECEIPT)


@pytest.mark.parametrize("name", FAILURES)
def test_a_repeated_request_gets_the_first_answer_instead_of_any_refusal(world: World, name: str) -> None:
    remember(world, {"reason": "r"})
    scope = next(iter(world.receipts.stored))
    call("POST", "/v1/things/x", KEYED, {"reason": name})
    content = _seen[-1].once.content
    world.receipts.stored[scope] = StoredReceipt(content, RECEIPT)
    response = call("POST", "/v1/things/x", KEYED, {"reason": name})
    assert response.status_code == 201
    assert response.json_body == {"id": "x", "version": 3, "events": [2, 3], "result": {"receipt_number": "R1"}}
    assert response.headers["ETag"] == '"3"'
    assert response.headers["Location"] == "https://onewindow.test/v1/cases/x"
    assert response.headers["Idempotency-Replayed"] == "true"


def test_a_repeated_key_with_another_body_is_refused(world: World) -> None:
    remember(world, {"reason": "r"})
    refused(call("POST", "/v1/things/x", KEYED, {"reason": "refused"}), 422, "request.key-reused")
    refused(call("POST", "/v1/things/x", KEYED, {"colour": "red"}), 422, "request.key-reused")


def test_a_refusal_of_a_fresh_key_stays_a_refusal(world: World) -> None:
    refused(call("POST", "/v1/things/x", KEYED, {"reason": "refused"}), 409, "case.wrong-state")
    assert world.receipts.asked == 1


def test_when_nobody_can_say_whether_it_was_done_the_answer_is_to_ask_again(world: World) -> None:
    world.receipts.broken = True
    refused(call("POST", "/v1/things/x", KEYED, {"reason": "refused"}), 503, "request.receipt-unreadable")


def test_a_body_that_cannot_be_read_is_told_so_without_a_look_at_receipts(world: World) -> None:
    refused(call("POST", "/v1/things/x", KEYED, b"{"), 400, "request.not-json")
    assert world.receipts.asked == 0


# -- refusals ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("forbidden", 403),
        ("refused", 409),
        ("conflict", 409),
        ("stale", 412),
        ("absent", 404),
        ("invalid", 422),
        ("unavailable", 503),
    ],
)
def test_each_kind_of_refusal_has_its_status(name: str, status: int) -> None:
    response = call("GET", f"/v1/open/{name}", {})
    failure = FAILURES[name]
    assert isinstance(failure, DomainError)
    refused(response, status, failure.code)
    assert response.headers["Access-Control-Allow-Origin"] == "*", "refusals keep CORS"


@pytest.mark.parametrize("path", ["/v1/open/bug", "/v1/open/recursion", "/v1/nan"])
def test_a_failure_tells_nothing_but_where_to_ask(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    event = _event("GET", path.replace("/bug", "/{name}").replace("/recursion", "/{name}"))
    event["pathParameters"] = {"name": path.rsplit("/", 1)[1]}
    event["requestContext"]["requestId"] = "0198c0de-0000-7000-8000-00000000000a"
    problem = refused(_direct(event), 500, "request.internal-error")
    assert problem["instance"] == "urn:uuid:0198c0de-0000-7000-8000-00000000000a"
    written = capsys.readouterr().out
    assert "150102199001010000" not in written + json.dumps(problem)
    assert "0198c0de-0000-7000-8000-00000000000a" in written


def test_a_method_that_an_address_lacks_is_a_problem_that_names_the_others() -> None:
    response = call("DELETE", "/v1/things/x")
    refused(response, 405, "request.method-not-allowed")
    assert response.headers["Allow"] == "POST, PUT"


def test_an_event_that_makes_no_sense_is_a_problem() -> None:
    broken = _event("GET", "/v1/open/{name}")
    del broken["pathParameters"]["name"]
    refused(_direct(broken), 500, "request.internal-error")
    refused(_direct({}), 500, "request.internal-error")


@settings(max_examples=300, deadline=None)
@given(
    route=st.sampled_from([("POST", "/v1/things/{name}"), ("PUT", "/v1/things/{name}"), ("GET", "/v1/things")]),
    headers=st.dictionaries(
        st.sampled_from(["content-type", "content-encoding", "idempotency-key", "if-match", "host"]),
        st.text(max_size=30) | st.sampled_from(["application/json", '"1"', "key-1"]),
    ),
    name=st.text(max_size=20) | st.sampled_from(["x", "%E4%B8%AD", "%ff"]),
    query=st.none()
    | st.dictionaries(st.sampled_from(["limit", "cursor", "x"]), st.lists(st.text(max_size=10), min_size=1)),
    body=st.binary(max_size=60)
    | st.text(max_size=40)
    | st.sampled_from(['{"reason": "r"}', '{"zh": "中", "en": "x"}']),
)
def test_whatever_arrives_is_answered_and_never_with_a_failure(
    route: tuple[str, str], headers: dict[str, str], name: str, query: Any, body: bytes | str
) -> None:
    event = _event(*route, headers=headers)
    event |= {"pathParameters": {"name": name}, "multiValueQueryStringParameters": query, "body": body}
    response = _direct(event)
    assert response.status_code < 500
    if response.status_code >= 400:
        assert validation.named_violations("elements/problem", json.loads(response.body)) == ()


# -- declaring ---------------------------------------------------------------------------------------------


def test_a_public_route_cannot_be_keyed() -> None:
    with pytest.raises(ValueError, match="principal"):
        bp.route_v1("POST", "/x", summary=("", ""), auth=Auth.PUBLIC, keyed=True)


@pytest.mark.parametrize("path", ["x", "/v1/x"])
def test_a_path_is_given_after_the_prefix(path: str) -> None:
    with pytest.raises(ValueError, match="after /v1"):
        bp.route_v1("GET", path, summary=("", ""))


def test_the_app_knows_its_routes_in_order() -> None:
    assert [spec.operation for spec in specs(app)][:3] == ["GET /v1/nan", "GET /v1/open/{name}", "GET /v1/page"]


def test_the_view_itself_stays_callable() -> None:
    assert callable(make_thing)
    assert not hasattr(make_thing, "spec")


# -- helpers -----------------------------------------------------------------------------------------------


def _event(method: str, template: str, headers: Mapping[str, str] | None = None, raw: bytes = b"") -> dict[str, Any]:
    """An event as API Gateway makes it, with an identity already judged when there are headers."""
    event: dict[str, Any] = {
        "headers": {"content-type": "application/json", **(headers or {})},
        "multiValueQueryStringParameters": None,
        "pathParameters": {"name": "x"},
        "requestContext": {"httpMethod": method, "resourcePath": template, "requestId": "r"},
        "body": raw,
        "stageVariables": None,
        "isBase64Encoded": False,
    }
    if headers is not None:
        event["requestContext"]["authorizer"] = {
            "subject": "person-1", "kind": "person", "name": "", "body": "", "division": "", "roles": "",
            "expires": "9999999999",
        }  # fmt: skip
    return event


def _direct(event: dict[str, Any]) -> HTTPResponse:
    answer = app(event, None)
    return HTTPResponse.create_from_dict(answer)
