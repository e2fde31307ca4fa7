"""Functions in containers: each behind the real Lambda runtime in a process of its own, called over HTTP.

The second way to serve what ``functions.Functions`` runs. Moto then has to be reached over HTTP as well: functions in
processes of their own find it by AWS_ENDPOINT_URL, and a function gets exactly the variables that the template
gives it. Their clock is the machine's, which cannot be moved.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping

from moto.server import ThreadedMotoServer

from infra.local.adapt import Deployed
from infra.local.functions import Result
from infra.local.rie import Place, RuntimeProcess, failure_in

_FAILURE = '"level":"ERROR"'


class Containers:
    """One container for each function, started when it is first called."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        self._running: dict[str, RuntimeProcess] = {}
        self._variables: Mapping[str, Mapping[str, str]] = {}
        self._more: Mapping[str, str] = {}
        self._lock = threading.Lock()

    def start(self) -> None:
        """Open moto to other processes. Moto must have been started in this one."""
        logging.getLogger("werkzeug").setLevel(logging.ERROR)  # it tells every request
        self._moto.start()

    def deploy(self, deployed: Deployed, more: Mapping[str, str]) -> None:
        """Give each function the variables of the template; ``more`` is what AWS itself would answer for."""
        self.stop_functions()
        self._variables = {
            str(properties["FunctionName"]): {
                name: str(value) for name, value in properties.get("Environment", {}).get("Variables", {}).items()
            }
            for properties in deployed.of_type("AWS::Lambda::Function").values()
        }
        host, port = self._moto.get_host_and_port()
        self._more = {"AWS_ENDPOINT_URL": f"http://{host}:{port}", "POWERTOOLS_METRICS_DISABLED": "true", **more}

    def __call__(self, name: str, handler: str, body: bytes, timeout: int) -> Result:
        """Call a function; one call at a time, as a container does."""
        with self._lock:
            running = self._running.get(name)
            if running is None:
                variables = {**self._variables[name], **self._more}
                running = RuntimeProcess(self._place, handler, variables, name=name, timeout=timeout)
                running.start()
                self._running[name] = running
        answer = running.invoke(body)
        return Result(answer, failed=failure_in(answer) is not None)

    @property
    def initialised(self) -> dict[str, float]:
        """How many milliseconds each function took to initialise."""
        return {name: one.init_milliseconds or 0.0 for name, one in self._running.items()}

    def failures(self) -> list[str]:
        """Error lines that functions wrote, also where they answered for the error themselves."""
        return [f"{name}: {line}" for name, one in self._running.items() for line in one.lines if _FAILURE in line]

    def logs(self) -> list[str]:
        """The last lines of each container."""
        return [f"{name}:\n{one.log}" for name, one in self._running.items()]

    def stop_functions(self) -> None:
        """End all containers."""
        with self._lock:
            for running in self._running.values():
                running.stop()
            self._running = {}

    def stop(self) -> None:
        """End all containers and close moto to others."""
        self.stop_functions()
        self._moto.stop()
