"""The emulated cloud as a whole: what starts, in which order, and how it is asked to hurry, stand still or forget."""

from __future__ import annotations

import contextlib
import json
import logging
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from infra.local import environment

environment.prepare()  # before anything below imports an AWS client

from infra.local import adapt, emulator  # noqa: E402
from infra.local.admin import Admin  # noqa: E402
from infra.local.clock import MovableClock  # noqa: E402
from infra.local.containers import Containers  # noqa: E402
from infra.local.engine import Engine  # noqa: E402
from infra.local.environment import BUILD  # noqa: E402
from infra.local.functions import Functions  # noqa: E402
from infra.local.gateway import LocalServer, gateway_responses  # noqa: E402
from infra.local.issuer import AUDIENCE, Issuer  # noqa: E402
from infra.local.keepsake import Keepsake  # noqa: E402
from infra.local.objects import ObjectsServer  # noqa: E402
from infra.local.payments import PaymentReceiver  # noqa: E402
from infra.local.people import Person, people_of  # noqa: E402
from infra.local.receivers import Receivers  # noqa: E402
from infra.local.rie import Place  # noqa: E402
from infra.local.runtime import Runtime, sources_of  # noqa: E402
from infra.local.source import invoker  # noqa: E402
from infra.local.streams import StreamSource  # noqa: E402
from infra.local.templates import template  # noqa: E402

if TYPE_CHECKING:
    from chalicelib.settings import Settings
    from chalicelib.wiring import Wiring

Json = dict[str, Any]


class NotSettled(TimeoutError):
    """Something is still going on; the text says what."""


class EmulatedCloud:
    """One stack of one stage, with everything around it, in this process.

    ``data`` names a folder for the real DynamoDB engine's files; None keeps everything in moto's memory.
    ``port`` 0 takes a free one; the issuer listens on the next, the store of files on the one after. ``place``: run
    every function there, behind the real Lambda runtime, instead of in this process.
    """

    def __init__(
        self,
        stage: str,
        *,
        port: int = 0,
        data: Path | None = None,
        engine_url: str | None = None,
        place: Place | None = None,
        report: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.stage = stage
        self._port = port
        self._data = data
        self._report = report
        self._ending = contextlib.ExitStack()
        self._engine_url = engine_url
        self.clock = MovableClock(data / "clock.json" if data else None)
        self.containers = Containers(place) if place else None
        self.functions = Functions(elsewhere=self.containers)
        self.emulator = emulator.Emulator()
        self.issuer = Issuer(BUILD / "local" / "issuer.json", port + 1 if port else 0)
        self.receivers = Receivers()
        self.payments = PaymentReceiver()
        self.objects = ObjectsServer(port + 2 if port else 0)
        self.people: dict[str, Person] = people_of(stage)
        self._watch = _Watch()
        self.server: LocalServer
        self.runtime: Runtime
        self.deployed: adapt.Deployed
        self.wiring: Wiring

    # -- life ------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Bring everything up, from the engine to the open port. What was begun is ended by ``stop`` in any case."""
        from app import app

        self.functions.expect(_spoken_errors())
        self._ending.callback(self.issuer.stop)
        self._ending.callback(self.objects.stop)
        self._ending.callback(self.receivers.stop)
        self._ending.callback(self.payments.stop)
        self._watch.begin()
        self._ending.callback(self._watch.end)
        if self._data is not None:
            self._report("Starting the DynamoDB engine …")
            engine = Engine.start(data=self._data, report=self._report)
            self._ending.callback(engine.stop)
            self._engine_url = engine.url
        self.emulator.start(self.functions)
        self._ending.callback(self.emulator.stop)
        if self.containers is not None:
            self._ending.callback(self.containers.stop)
            self.containers.start()
        self.issuer.start()
        self.objects.start()
        self.receivers.start()
        self.payments.start()
        # Bound before the stack is made: the stack is told its own address.
        self.server = LocalServer(app, port=self._port, clock=self.clock, admin=Admin(self))
        self._ending.callback(self.server.stop)
        went_on = self._bring_up()
        self._ending.callback(lambda: self.runtime.stop())
        self.server.start()
        if went_on:
            self._go_on()

    def stop(self) -> None:
        """End in order: nothing half-delivered, no new requests, then moto, then the engine."""
        from chalicelib import wiring

        self._ending.close()
        wiring.install(None)

    def reset(self) -> None:
        """Forget everything that happened, and the moved clock; the stack stands anew with the start catalogue."""
        self.runtime.stop()
        if self._engine_url is not None:
            engine = emulator.client("dynamodb", endpoint_url=self._engine_url)
            for properties in self.deployed.of_type("AWS::DynamoDB::Table").values():
                engine.delete_table(TableName=properties["TableName"])
            for source in self.runtime.sources:
                if isinstance(source, StreamSource):
                    source.forget()
        self.emulator.reset()
        self.clock.reset()
        self.receivers.reset()
        self.payments.reset()
        self._bring_up()

    def resume(self) -> None:
        """Take this process over again after something else used moto or the wiring in it (other tests do)."""
        from chalicelib import wiring

        self.emulator.run_with(self.functions)
        self._watch.begin()
        self.forget_failures()
        if emulator.client("stepfunctions").list_state_machines()["stateMachines"]:
            if self._tables_are_bound():
                wiring.install(self.wiring)
            else:
                self._wire(self._settings())
            self.runtime.resume()
        else:
            self.reset()

    def _tables_are_bound(self) -> bool:
        """Whether the row models still name this stack's tables, and no other test's."""
        from chalicelib.storage import catalog, places, tables

        told = self.wiring.settings
        bound = [row.Meta.table_name for row in (tables.Row, catalog.CatalogRow, places.PlaceTableRow)]
        return bound == [told.cases_table, told.catalog_table, told.places_table]

    def pause(self) -> None:
        """Stand still: schedules and pollers of this stack must not act on another wiring."""
        self.runtime.pause()
        self._watch.end()

    @property
    def url(self) -> str:
        """The base URL of the API."""
        return f"http://127.0.0.1:{self.server.port}"

    def failures(self) -> list[str]:
        """Everything that went wrong unexpectedly, in functions, pollers or the gateway."""
        written = self.containers.failures() if self.containers else []
        return [
            *self.functions.failures,
            *self.runtime.failures,
            *self.server.failures,
            *self._watch.failures,
            *written,
        ]

    def forget_failures(self) -> None:
        """Begin a new list."""
        for owner in (self.functions, self.runtime, self.server, self._watch):
            owner.failures.clear()

    # -- what tests and scenarios ask for ---------------------------------------------------------------------

    def token(self, person: str) -> str:
        """A token of a demo person."""
        return self.people[person].token(self.issuer)

    def invoke(self, function: str, event: Json | None = None) -> Json:
        """Invoke a function by its name in the code, as an operator does by hand."""
        from infra.functions import functions

        logical_id = functions()[function].logical_id
        return invoker()(self.deployed.physical[logical_id], event or {})

    def report_delivery(self, channel: str, key: str, *, arrived: bool) -> tuple[int, str]:
        """A provider tells what became of a message; what it is answered."""
        headers, body = self.receivers.report(channel, key, arrived, self.clock.now())
        answer = httpx.post(f"{self.url}/v1/delivery-reports/{channel}", content=body, headers=headers, timeout=30)
        return answer.status_code, answer.text

    def advance(self, by: timedelta, *, settle: bool = True) -> datetime:
        """Move the clock forwards. Messages that wait out a visibility timeout come back by as much sooner."""
        now = self.clock.advance(by)
        emulator.hasten_messages(by)
        if settle:
            self.settle()
        return now

    def kill_executions(self, case_id: str) -> list[str]:
        """Let the executions of a case die, as if the state machine had failed; their names."""
        return emulator.abort_executions(f"{case_id}-")

    def settle(self, seconds: float = 120) -> None:
        """Wait until streams, queues, schedules and executions have nothing more to do.

        Messages that a function failed on and that wait out their visibility timeout do not count. Raises
        NotSettled when it takes longer than ``seconds``.
        """
        deadline = time.monotonic() + seconds
        while True:
            before, begun = self.runtime.rounds(), self._activity()
            while any(self.runtime.rounds()[name] < round_ + 2 for name, round_ in before.items()):
                self._not_after(deadline)
                time.sleep(0.005)
            if not self._waiting_for() and self._activity() == begun:
                return
            self._not_after(deadline)

    def _activity(self) -> tuple[int, int]:
        return self.functions.started, self.runtime.deliveries

    def _waiting_for(self) -> list[str]:
        waiting = [s.name for s in self.runtime.sources if not s.quiet()]
        waiting += [e.name for e in emulator.running_executions() if not emulator.is_waiting(e)]
        return [*waiting, *(["functions"] if self.functions.busy() else [])]

    def _not_after(self, deadline: float) -> None:
        if time.monotonic() > deadline:
            raise NotSettled(f"still going on: {', '.join(self._waiting_for()) or 'something, again and again'}")

    # -- bringing up ----------------------------------------------------------------------------------------

    def _bring_up(self) -> bool:
        """Deploy, wire, fill; True if the engine brought data of an earlier run."""
        from infra.catalog import publish
        from infra.places import load

        self._report(f"Deploying the stack of {self.stage} …")
        stack = f"onewindow-{self.stage}"
        there = self._tables()
        self.deployed = adapt.deploy(
            template(self.stage),
            stack,
            {
                "OidcIssuer": self.issuer.url,
                "OidcAudience": AUDIENCE,
                "OidcJwksUrl": self.issuer.jwks_url,
                "PublicBaseUrl": self.url,
                "ScannerUrl": self.objects.scanner_url,
                "SmsUrl": self.receivers.url("sms"),
                "PostUrl": self.receivers.url("post"),
                "PaymentsUrl": self.payments.url,
            },
            engine_url=self._engine_url,
            keepsake=Keepsake(self._data / "keys.json" if self._data else None),
        )
        for line in self.deployed.left_out_in_short():
            self._report(f"  not in moto's stack, {line}")
        bodies = self.deployed.of_type("AWS::ApiGateway::RestApi").values()
        self.server.answer_with(gateway_responses(next(iter(bodies))["Body"]))
        settings = self._settings()
        self._enter_credentials(settings)
        self._wire(settings)
        if self.containers is not None:
            self._into(self.containers)
        self._report("Loading the start catalogue and the demo places …")
        publish(self.wiring)
        load(self.wiring.place_store)
        self.runtime = Runtime(
            sources_of(self.deployed, self.clock, engine_url=self._engine_url, checkpoints=self._data)
        )
        self.runtime.start()
        return bool(there)

    def _into(self, containers: Containers) -> None:
        """Let the containers serve this stack, API and authorizer among them."""
        more = {"S3_PUBLIC_ENDPOINT": self.objects.url}
        if self._engine_url is not None:
            more["DYNAMODB_ENDPOINT"] = self._engine_url
        containers.deploy(self.deployed, more)
        named = {
            _handler(properties): str(properties["FunctionName"])
            for properties in self.deployed.of_type("AWS::Lambda::Function").values()
        }

        def integrate(handler: str, event: Json) -> Json:
            answer = self.functions.run(named[handler], handler, json.dumps(event, ensure_ascii=False))
            found: Json = json.loads(answer.payload)
            return found

        self.server.gateway.elsewhere = integrate

    def _tables(self) -> list[str]:
        if self._engine_url is None:
            return []
        found = emulator.client("dynamodb", endpoint_url=self._engine_url).list_tables()["TableNames"]
        return [name for name in found if name.startswith(f"onewindow-{self.stage}-")]

    def _settings(self) -> Settings:
        """What the template tells each function, for all functions of the process at once."""
        from chalicelib.settings import Settings

        told: dict[str, str] = {}
        for function in self.deployed.of_type("AWS::Lambda::Function").values():
            told |= {k: str(v) for k, v in function.get("Environment", {}).get("Variables", {}).items()}
        told["AWS_REGION"] = environment.REGION
        told["S3_PUBLIC_ENDPOINT"] = self.objects.url
        if self._engine_url is not None:
            told["DYNAMODB_ENDPOINT"] = self._engine_url
        return Settings.from_env(told)

    def _enter_credentials(self, settings: Settings) -> None:
        """What an operator does once the contracts with the providers are made."""
        client = emulator.client("secretsmanager")
        for channel, secret_id in (("sms", settings.sms_secret_id), ("post", settings.post_secret_id)):
            client.put_secret_value(SecretId=secret_id, SecretString=self.receivers.credentials(channel))

    def _wire(self, settings: Settings) -> None:
        from chalicelib import wiring

        self.wiring = made = wiring.Wiring(settings, clock=self.clock)
        wiring.install(made)
        # All at once and in one thread: clients and table bindings are not made for being made twice.
        for member in _members(type(made)):
            getattr(made, member)

    def _go_on(self) -> None:
        """After a restart: executions died with the process, and what was on its way stayed in the outbox."""
        self._report("Going on where the last run stopped: sweeping the outbox, reconciling workflows …")
        self.invoke("sweep_outbox")
        self.invoke("reconcile")


def _spoken_errors() -> Iterator[str]:
    """Class names of the errors by which tasks answer their state machine."""
    from chalicelib.domain.errors import DomainError
    from chalicelib.edge.functions import REGISTRY, Task, TryAgain

    yield TryAgain.__name__
    yield from (error.__name__ for error in DomainError.__subclasses__())
    for spec in REGISTRY.values():
        if isinstance(spec.source, Task):
            yield from spec.source.errors


def _handler(properties: Json) -> str:
    return str(properties["ImageConfig"]["Command"][0] if "ImageConfig" in properties else properties["Handler"])


def _members(kind: type) -> Iterator[str]:
    from functools import cached_property

    for owner in kind.__mro__:
        yield from (name for name, value in vars(owner).items() if isinstance(value, cached_property))


class _Watch(logging.Handler):
    """Keeps the product's own error lines: a function that answers for a failure must not hide it."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.failures: list[str] = []

    def begin(self) -> None:
        """Listen to the product's logger."""
        logging.getLogger("onewindow").addHandler(self)

    def end(self) -> None:
        """Listen no more."""
        logging.getLogger("onewindow").removeHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        details = {k: getattr(record, k) for k in ("error", "places", "case_id") if hasattr(record, k)}
        self.failures.append(f"{record.getMessage()} {details or ''}".strip())
