"""API Gateway as far as one machine needs it, around Chalice's local server.

Chalice's own server answers 401, 403 and 405 with bodies of its own, hands the authorizer's context on with its
types and reads bodies of any size. This one answers what the deployed template says, for the same reasons.
"""

from __future__ import annotations

import functools
import json
import threading
import time
import traceback
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass
from http.server import ThreadingHTTPServer
from typing import Any

from chalice.app import Chalice
from chalice.config import Config
from chalice.local import (
    ARNMatcher,
    ChaliceRequestHandler,
    CustomLocalChalice,
    LocalChalice,
    LocalDevServer,
    LocalGateway,
)

from infra.local.clock import MovableClock
from infra.local.environment import ACCOUNT, PARTITION, REGION
from infra.local.functions import FunctionContext

Json = dict[str, Any]
Headers = dict[str, Any]

MAX_BODY = 10 * 1024 * 1024  # API Gateway's payload limit
TIMEOUT_SECONDS = 29  # API Gateway's integration timeout
API_ID, API_STAGE = "emulated00", "api"


class Answered(Exception):
    """The gateway itself answers; ``kind`` is its response type, such as UNAUTHORIZED."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


@dataclass(frozen=True)
class GatewayResponse:
    """One gateway response of the template."""

    status: int
    headers: Mapping[str, str]
    body: str

    def rendered(self, kind: str, request_id: str) -> tuple[int, Headers, bytes]:
        """Status, headers and body with the gateway's ``$context`` filled in."""
        text = self.body.replace("$context.requestId", request_id)
        text = text.replace("$context.error.messageString", json.dumps(kind)).replace(
            "$context.error.responseType", kind
        )
        return self.status, dict(self.headers), text.encode()


_PLAIN = {"UNAUTHORIZED": 401, "ACCESS_DENIED": 403, "MISSING_AUTHENTICATION_TOKEN": 403, "REQUEST_TOO_LARGE": 413}
_TIMEOUTS = {"INTEGRATION_TIMEOUT": 504, "INTEGRATION_FAILURE": 504}


def gateway_responses(body: Mapping[str, Any]) -> dict[str, GatewayResponse]:
    """The responses that a RestApi's body declares, by response type."""
    found = {}
    for kind, declared in body.get("x-amazon-apigateway-gateway-responses", {}).items():
        templates = declared.get("responseTemplates", {})
        parameters = declared.get("responseParameters", {})
        prefix = "gatewayresponse.header."
        headers = {k[len(prefix) :]: v.strip("'") for k, v in parameters.items() if k.startswith(prefix)}
        text = templates.get("application/json") or next(
            iter(templates.values()), '{"message":$context.error.messageString}'
        )
        status = int(declared.get("statusCode") or _PLAIN.get(kind) or _TIMEOUTS.get(kind) or 500)
        found[kind] = GatewayResponse(status, headers, text)
    return found


Elsewhere = Callable[[str, Json], Any]
"""Handler string and event to answer: where the API and its authorizer do not run in this process."""


class Gateway(LocalGateway):
    """Routes, authorizes and integrates; raises Answered where the gateway answers by itself."""

    def __init__(self, app: Chalice, config: Config, clock: MovableClock) -> None:
        super().__init__(app, config)
        self._clock = clock
        self._decisions: dict[tuple[str, str], tuple[float, Json]] = {}
        self._threads = ThreadPoolExecutor(max_workers=64, thread_name_prefix="api")
        self.elsewhere: Elsewhere | None = None

    def handle_request(self, method: str, path: str, headers: Headers, body: bytes | None) -> Json:
        """Answer one request. Raises Answered."""
        context = FunctionContext("api_handler", TIMEOUT_SECONDS)
        event = self._event(method, path, headers, body, context.aws_request_id)
        route = self._app_object.routes[event["requestContext"]["resourcePath"]].get(method)
        if route is None:
            raise Answered("MISSING_AUTHENTICATION_TOKEN")  # the gateway knows no 405
        if route.authorizer is not None:
            event["requestContext"]["authorizer"] = self._authorized(route.authorizer, event, context)
        work = self._threads.submit(self._integrated, event, context)
        try:
            return self._checked(work.result(TIMEOUT_SECONDS))
        except FutureTimeout:
            raise Answered("INTEGRATION_TIMEOUT") from None

    def _integrated(self, event: Json, context: FunctionContext) -> Any:
        if self.elsewhere is not None:
            return self.elsewhere("app.app", event)
        return self._app_object(event, context)

    def _event(self, method: str, path: str, headers: Headers, body: bytes | None, request_id: str) -> Json:
        try:
            event: Json = self.event_converter.create_lambda_event(method=method, path=path, headers=headers, body=body)
        except ValueError:
            raise Answered("MISSING_AUTHENTICATION_TOKEN") from None  # the gateway's word for no such route
        if isinstance(event["body"], bytes):
            event["body"] = event["body"].decode("utf-8", "replace")
        query = event["multiValueQueryStringParameters"]
        context = event["requestContext"]
        event |= {
            "resource": context["resourcePath"],
            "path": context["path"],
            "httpMethod": method,
            "multiValueHeaders": {name: [value] for name, value in event["headers"].items()},
            "queryStringParameters": {k: v[-1] for k, v in query.items()} if query else None,
            "isBase64Encoded": event.get("isBase64Encoded", False),
        }
        context |= {
            "requestId": request_id,
            "accountId": ACCOUNT,
            "apiId": API_ID,
            "stage": API_STAGE,
            "protocol": "HTTP/1.1",
            "domainName": event["headers"].get("host", ""),
            "requestTimeEpoch": int(time.time() * 1000),
        }
        context["identity"]["userAgent"] = event["headers"].get("user-agent", "")
        return event

    def _authorized(self, authorizer: Any, event: Json, context: FunctionContext) -> Json:
        """Run the authorizer, or take its cached decision as the gateway does; its context, all strings."""
        token = event["headers"].get("authorization")
        if not token:
            raise Answered("UNAUTHORIZED")
        method, path = event["httpMethod"], event["path"]
        arn = f"arn:{PARTITION}:execute-api:{REGION}:{ACCOUNT}:{API_ID}/{API_STAGE}/{method}{path}"
        decision = self._decision(authorizer, token, arn, context)
        if not _allows(decision, arn):
            raise Answered("ACCESS_DENIED")
        values = {"principalId": decision["principalId"], **(decision.get("context") or {})}
        if any(isinstance(value, dict | list) for value in values.values()):
            raise Answered("AUTHORIZER_CONFIGURATION_ERROR")
        return {name: _as_string(value) for name, value in values.items()}

    def _decision(self, authorizer: Any, token: str, arn: str, context: FunctionContext) -> Json:
        key = (str(authorizer.name), token)
        now = self._clock.now().timestamp()
        until, decision = self._decisions.get(key, (0.0, {}))
        if now < until:
            return decision
        try:
            request = {"type": "TOKEN", "authorizationToken": token, "methodArn": arn}
            decision = self._asked(authorizer, request, context)
        except Exception as error:
            # An authorizer says 401 by raising exactly this text (API Gateway, Lambda authorizers).
            if str(error) == "Unauthorized":
                raise Answered("UNAUTHORIZED") from None
            traceback.print_exc()
            raise Answered("AUTHORIZER_FAILURE") from None
        if not isinstance(decision, dict) or "principalId" not in decision:
            raise Answered("AUTHORIZER_CONFIGURATION_ERROR")
        seconds = authorizer.config.ttl_seconds if getattr(authorizer, "config", None) is not None else None
        seconds = 300 if seconds is None else seconds
        if len(self._decisions) > 10_000:
            self._decisions.clear()
        self._decisions[key] = (now + seconds, decision)
        return decision

    def _asked(self, authorizer: Any, request: Json, context: FunctionContext) -> Any:
        if self.elsewhere is not None:
            return self.elsewhere(authorizer.config.handler_string, request)
        return authorizer(request, context)

    @staticmethod
    def _checked(response: Any) -> Json:
        if not isinstance(response, dict) or not isinstance(response.get("statusCode"), int):
            raise Answered("DEFAULT_5XX")
        return response


def _as_string(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _allows(decision: Json, arn: str) -> bool:
    matcher = ARNMatcher(arn)
    allowed = False
    for statement in decision.get("policyDocument", {}).get("Statement", []):
        resources = statement.get("Resource", [])
        if matcher.does_any_resource_match([resources] if isinstance(resources, str) else resources):
            if statement.get("Effect") == "Deny":
                return False
            allowed = True
    return allowed


Admin = Callable[[str, str, bytes], tuple[int, Json] | None]
"""Method, path and body to status and answer; None for a path that is not the emulated cloud's own."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no failure of ours."""


class _Handler(ChaliceRequestHandler):
    wbufsize = -1  # headers and body in one segment: two would wait 40 ms for each other
    disable_nagle_algorithm = True

    def __init__(self, *args: Any, local: LocalServer, **kwargs: Any) -> None:
        self._local = local
        kwargs.pop("app_object")
        kwargs.pop("config")
        super(ChaliceRequestHandler, self).__init__(*args, **kwargs)

    def _generic_handle(self) -> None:
        request_id = str(uuid.uuid4())
        try:
            self._respond(*self._answer())
        except Answered as answer:
            self._respond(*self._local.gateway_response(answer.kind, request_id))
        except Exception as error:
            self._local.failures.append("".join(traceback.format_exception(error)))
            traceback.print_exc()
            self._respond(*self._local.gateway_response("DEFAULT_5XX", request_id))

    # Bound once more: the base class has bound its own handler to these names.
    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = do_PATCH = do_OPTIONS = _generic_handle  # noqa: N815

    def _answer(self) -> tuple[int, Headers, bytes]:
        body = self._body()
        own = self._local.admin(self.command, self.path.partition("?")[0], body)
        if own is not None:
            return own[0], {"Content-Type": "application/json"}, json.dumps(own[1], ensure_ascii=False).encode()
        response = self._local.gateway.handle_request(self.command, self.path, dict(self.headers), body or None)
        response = self._handle_binary(response)
        content = response.get("body") or b""
        headers = {**(response.get("headers") or {}), **(response.get("multiValueHeaders") or {})}
        return response["statusCode"], headers, content.encode() if isinstance(content, str) else content

    def _body(self) -> bytes:
        if self.headers.get("transfer-encoding", "").lower() == "chunked":
            return self._chunked()
        length = int(self.headers.get("content-length") or 0)
        if length > MAX_BODY:
            self.close_connection = True  # what follows is not read
            raise Answered("REQUEST_TOO_LARGE")
        return bytes(self.rfile.read(length)) if length > 0 else b""

    def _chunked(self) -> bytes:
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
            if len(body) > MAX_BODY:
                self.close_connection = True
                raise Answered("REQUEST_TOO_LARGE")
        self.rfile.readline()
        return body

    def _respond(self, status: int, headers: Headers, body: bytes) -> None:
        self.send_response(status)
        headers = {**headers}
        if not any(name.lower() == "content-type" for name in headers) and body:
            headers["Content-Type"] = "application/json"
        if status != 204:
            headers["Content-Length"] = str(len(body))
        if self.close_connection:
            headers["Connection"] = "close"
        self._send_headers(headers)
        if self.command != "HEAD" and status != 204:
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the output belongs to the scenario."""


def made_fit_for_threads(app: Chalice) -> Chalice:
    """Chalice's own trick: requests run side by side, so the current one is kept for each thread."""
    if not isinstance(app, LocalChalice):
        CustomLocalChalice.__bases__ = (LocalChalice, app.__class__)
        app.__class__ = CustomLocalChalice
    return app


class LocalServer(LocalDevServer):
    """The API on the loopback interface. ``port`` 0 takes a free one."""

    def __init__(
        self,
        app: Chalice,
        *,
        port: int,
        clock: MovableClock,
        admin: Admin,
    ) -> None:
        made_fit_for_threads(app)
        config = Config.create(project_dir=".", chalice_stage="local")
        handler = functools.partial(_Handler, local=self)
        super().__init__(app, config, "127.0.0.1", port, handler_cls=handler, server_cls=_Server)
        self.port = int(self.server.server_address[1])
        self.gateway = Gateway(app, config, clock)
        self.admin = admin
        self.failures: list[str] = []
        self._responses: Mapping[str, GatewayResponse] = {}
        self._serving = False

    def answer_with(self, responses: Mapping[str, GatewayResponse]) -> None:
        """Take over the gateway responses of a deployed template."""
        self._responses = responses

    def start(self) -> None:
        """Begin to serve, in a thread of its own."""
        self._serving = True
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True, name="gateway").start()

    def stop(self) -> None:
        """End serving; harmless when it never began."""
        if self._serving:
            self.server.shutdown()
        self.server.server_close()

    def gateway_response(self, kind: str, request_id: str) -> tuple[int, Headers, bytes]:
        """What the template says for a response type, else for its class, else what the gateway says by itself."""
        plain = _PLAIN.get(kind) or _TIMEOUTS.get(kind) or 500
        declared = self._responses.get(kind) or self._responses.get("DEFAULT_4XX" if plain < 500 else "DEFAULT_5XX")
        if declared is None:
            return plain, {}, json.dumps({"message": kind}).encode()
        status, headers, body = declared.rendered(kind, request_id)
        return (status if kind in self._responses else plain), headers, body
