"""What scenarios are written with: an HTTP client for each person, steps that tell themselves, bounded waiting.

A scenario knows nothing of the emulated cloud but its URL, so it also runs against a deployed stack. Where it
asks for something that only the emulated cloud can do (moving the clock, killing an execution), the step is
reported as skipped there.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import httpx

T = TypeVar("T")


class ScenarioFailed(AssertionError):
    """The stack did not do what the scenario says."""


class NeedsEmulatedCloud(Exception):
    """A step asked for what a deployed stack cannot do."""


class Client:
    """One person in front of the API. Without a token it is a stranger."""

    def __init__(self, url: str, token: str | None) -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._http = httpx.Client(base_url=url, headers=headers, timeout=35)

    def get(self, path: str, *, status: int = 200, **query: Any) -> Any:
        """The JSON that a GET answers, after the status was checked."""
        return expect(self._http.get(path, params=query or None), status)

    def post(
        self,
        path: str,
        body: Any = None,
        *,
        status: int = 200,
        if_match: int | None = None,
        key: str | None = None,
    ) -> Any:
        """The JSON that a POST answers. ``key`` is the Idempotency-Key, fresh unless given."""
        return self.send("POST", path, body, status=status, if_match=if_match, key=key)

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        status: int = 200,
        if_match: int | None = None,
        key: str | None = None,
    ) -> Any:
        """Any method with a JSON body, an Idempotency-Key and, if given, If-Match."""
        headers = {"Idempotency-Key": key or str(uuid.uuid4())}
        if if_match is not None:
            headers["If-Match"] = f'"{if_match}"'
        content = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            content = json.dumps(body, ensure_ascii=False).encode()
        return expect(self._http.request(method, path, content=content, headers=headers), status)

    def raw(self, method: str, path: str, **options: Any) -> httpx.Response:
        """The response itself, nothing checked."""
        return self._http.request(method, path, **options)


def expect(response: httpx.Response, status: int) -> Any:
    """The body of a response with this status; ScenarioFailed with all of it for any other."""
    if response.status_code != status:
        request = response.request
        raise ScenarioFailed(
            f"{request.method} {request.url} answered {response.status_code}, not {status}:\n{response.text[:2000]}"
        )
    if "json" in response.headers.get("content-type", ""):
        return response.json()
    return response.text


class Scenario:
    """Base of scenarios: subclass it in ``scenario_<name>.py`` and write ``run``."""

    title: ClassVar[str] = ""

    def __init__(self, url: str, tokens: Mapping[str, str] | None = None, say: Callable[[str], None] = print) -> None:
        self.url = url.rstrip("/")
        self.skipped: list[str] = []
        self._say = say
        self._tokens = dict(tokens or {})
        self._clients: dict[str, Client] = {}
        self._own = httpx.Client(base_url=self.url, timeout=90)
        state = self._own.get("/_local/state")
        self.state: dict[str, Any] | None = state.json() if state.status_code == 200 else None

    def run(self) -> None:
        """The scenario itself. Raise ScenarioFailed (or let an assertion fail) where the stack is wrong."""
        raise NotImplementedError

    @property
    def emulated(self) -> bool:
        """True in front of the emulated cloud, False in front of a deployed stack."""
        return self.state is not None

    # -- people -----------------------------------------------------------------------------------

    def person(self, key: str) -> Client:
        """A demo person's client: from the tokens given, else from the emulated cloud's issuer."""
        if key not in self._clients:
            self._clients[key] = Client(self.url, self._token(key))
        return self._clients[key]

    def anyone(self) -> Client:
        """A client without token."""
        return Client(self.url, None)

    def account(self, key: str) -> dict[str, Any]:
        """What the issuer says of a demo person: subject, kind, name, body, division, roles."""
        if self.state is not None:
            found: dict[str, Any] = self.state["people"][key]
            return found
        from base64 import urlsafe_b64decode

        payload = self._token(key).split(".")[1]
        claims: dict[str, Any] = json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return {"body": "", "division": "", "roles": [], **claims, "subject": claims["sub"]}

    def officer(self, body: str, *roles: str, name: str = "") -> Client:
        """An officer made to order (emulated cloud only): works at ``body`` with these roles."""
        subject = f"demo-{body}-{'-'.join(roles)}{name}"
        if subject not in self._clients:
            claims = {"kind": "officer", "body": body, "division": body.split("-")[0], "roles": list(roles)}
            token = self.local("token", {"subject": subject, "name": name or subject, **claims})["token"]
            self._clients[subject] = Client(self.url, token)
        return self._clients[subject]

    def _token(self, key: str) -> str:
        for name in (key, key.upper().replace("-", "_")):
            if name in self._tokens:
                return self._tokens[name]
        if not self.emulated:
            raise ScenarioFailed(f"no token for {key}: give a file of key=token lines in TOKENS")
        return str(self.local("token", {"person": key})["token"])

    # -- steps ------------------------------------------------------------------------------------

    @contextmanager
    def step(self, text: str) -> Iterator[None]:
        """One step; tells how it went. A step that needs the emulated cloud elsewhere is skipped."""
        began = time.monotonic()
        try:
            yield
        except NeedsEmulatedCloud as reason:
            self.skipped.append(text)
            self._say(f"  – {text} (skipped: {reason})")
        except BaseException:
            self._say(f"  ✗ {text}")
            raise
        else:
            self._say(f"  ✓ {text} ({time.monotonic() - began:.1f} s)")

    def tell(self, text: str) -> None:
        """A detail below the current step."""
        self._say(f"      {text}")

    def until(self, what: str, probe: Callable[[], T | None], seconds: float = 30) -> T:
        """Ask the API again and again until ``probe`` gives something true; ScenarioFailed after ``seconds``."""
        deadline, pause = time.monotonic() + seconds, 0.03
        while True:
            found = probe()
            if found:
                return found
            if time.monotonic() > deadline:
                raise ScenarioFailed(f"waited {seconds:.0f} s in vain until {what}")
            time.sleep(pause)
            pause = min(pause * 1.5, 1)

    # -- only in the emulated cloud ---------------------------------------------------------------------

    def settle(self) -> None:
        """Wait until nothing moves any more. On a deployed stack there is only ``until``."""
        if self.emulated:
            self.local("settle", {})

    def advance(self, by: timedelta) -> None:
        """Move the clock forwards."""
        self.local("clock", {"advance_seconds": by.total_seconds()})
        self._clients.clear()  # tokens end by the same clock

    def kill_execution(self, case_id: str) -> list[str]:
        """Let the execution of a case die."""
        return list(self.local("kill-execution", {"case_id": case_id})["killed"])

    def invoke(self, function: str) -> Any:
        """Invoke a function as an operator does."""
        return self.local("invoke", {"function": function})["answer"]

    def received(self, channel: str) -> list[dict[str, Any]]:
        """What the provider of ``sms`` or ``post`` was handed, oldest first (emulated cloud only)."""
        if not self.emulated:
            raise NeedsEmulatedCloud("only the emulated cloud shows what providers received")
        found: list[dict[str, Any]] = expect(self._own.get("/_local/received"), 200)[channel]
        return found

    def local(self, action: str, body: dict[str, Any]) -> dict[str, Any]:
        if not self.emulated:
            raise NeedsEmulatedCloud(f"only the emulated cloud can do {action}")
        answer: dict[str, Any] = expect(self._own.post(f"/_local/{action}", json=body), 200)
        return answer


def read_tokens(path: str) -> dict[str, str]:
    """``key=token`` lines of a file; empty lines and ``#`` lines are passed over."""
    lines = (line.strip() for line in Path(path).read_text(encoding="utf-8").splitlines())
    pairs = (line.removeprefix("export ").split("=", 1) for line in lines if line and not line.startswith("#"))
    return {key.strip(): value.strip() for key, value in pairs}
