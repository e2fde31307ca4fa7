"""The real Lambda runtime on this machine: AWS's runtime interface client under AWS's own emulator of its service.

    with RuntimeProcess(Place(folder), "app.app", {"STAGE": "xilingol"}) as function:
        function.invoke({})

The client (awslambdaric, from PyPI) is the loop that runs inside every Python container of Lambda. The emulator is
the program aws-lambda-rie, which the wheel of aws-sam-cli on PyPI carries; nothing else of that wheel is used and it
is not installed. Both are pinned here and lie under build/runtime. One process serves one invocation at a time,
as one container does.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import platform
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from infra.local.environment import ACCOUNT, BUILD, REGION

EMULATOR = "aws-sam-cli==1.170.0"
CLIENT = ("awslambdaric==4.2.2", "snapshot-restore-py==1.0.0", "simplejson==3.20.2")
HOME = BUILD / "runtime"

_MACHINES = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}
_START_SECONDS = 20
_INIT = re.compile(r"INIT REPORT\(durationMs: ([0-9.]+)\)")


class RuntimeUnavailable(RuntimeError):
    """The runtime cannot be fetched or started; the text says why."""


class FunctionDied(RuntimeError):
    """The runtime process ended instead of answering; the text is the end of its log."""


def emulator() -> Path:
    """The emulator's program, fetched when it is not there yet. Raises RuntimeUnavailable."""
    machine = _MACHINES.get(platform.machine().lower())
    if machine is None or sys.platform != "linux":
        raise RuntimeUnavailable(f"AWS's runtime interface emulator does not run on {platform.platform()}")
    program = HOME / EMULATOR / "aws-lambda-rie"
    with _once():
        if not program.exists():
            with tempfile.TemporaryDirectory() as folder:
                _pip("download", "--no-deps", "--dest", folder, EMULATOR)
                with zipfile.ZipFile(next(Path(folder).glob("*.whl"))) as wheel:
                    content = wheel.read(f"samcli/local/rapid/aws-lambda-rie-{machine}")
            _appear(program, content)
    return program


def client(python: str = f"{sys.version_info.major}.{sys.version_info.minor}") -> Path:
    """A folder with the runtime interface client for a version of Python. Raises RuntimeUnavailable."""
    folder = HOME / f"{CLIENT[0]}-python{python}"
    with _once():
        if not folder.exists():
            folder.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
                made = Path(scratch) / "made"
                only = ("--no-deps", "--only-binary", ":all:", "--python-version", python)
                _pip("install", "--no-compile", *only, "--target", str(made), *CLIENT)
                made.rename(folder)
    return folder


def _pip(*arguments: str) -> None:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeUnavailable(f"pip {' '.join(arguments)}:\n{done.stderr.strip()}")


@contextlib.contextmanager
def _once() -> Any:
    """Several test processes may fetch at once: one does it, the others wait."""
    HOME.mkdir(parents=True, exist_ok=True)
    with (HOME / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _appear(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_suffix(".tmp")
    scratch.write_bytes(content)
    scratch.chmod(0o755)
    scratch.replace(path)


@dataclass(frozen=True)
class Place:
    """Where a function runs: the folder with the code, and how a Python is started there.

    ``command`` stands before everything else (a chroot, for one); ``task`` is the code's folder as seen from inside.
    """

    task: str
    python: Sequence[str] = (sys.executable, "-S")  # -S: none of this machine's packages
    client: str = ""
    emulator: str = ""
    command: Sequence[str] = ()

    @classmethod
    def on_this_machine(cls, task: Path) -> Self:
        """A folder of this machine, with its own Python and nothing but the folder on the path."""
        return cls(str(task), client=str(client()), emulator=str(emulator()))


@dataclass
class RuntimeProcess:
    """One function in its container's runtime. Started by ``start`` or on entering; the first call initialises it."""

    place: Place
    handler: str
    environment: Mapping[str, str]
    name: str = "function"
    timeout: int = 30
    _process: subprocess.Popen[str] | None = None
    _log: list[str] = field(default_factory=list)
    _port: int = 0
    first_milliseconds: float = 0.0  # from the first call to its answer, initialisation included
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def start(self) -> None:
        """Start the emulator and wait until it listens. Raises RuntimeUnavailable."""
        with _free_ports(2) as (self._port, api):
            pass
        place = self.place
        addresses = ["--runtime-interface-emulator-address", f"127.0.0.1:{self._port}"]
        addresses += ["--runtime-api-address", f"127.0.0.1:{api}"]
        runtime = (*place.python, "-m", "awslambdaric", self.handler)
        self._process = subprocess.Popen(
            [*place.command, place.emulator, *addresses, *runtime],
            cwd="/" if place.command else place.task,
            env=self._variables(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        threading.Thread(target=self._read, args=(self._process,), daemon=True).start()
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self._port), 1):
                return
            time.sleep(0.01)
        self.stop()
        raise RuntimeUnavailable(f"{self.name} did not start:\n{self.log}")

    def _variables(self) -> dict[str, str]:
        """What Lambda sets, and what the template gives; nothing of this machine."""
        return {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "LANG": "en_US.UTF-8",
            "TZ": ":UTC",
            "LAMBDA_TASK_ROOT": self.place.task,
            "PYTHONPATH": ":".join(path for path in (self.place.task, self.place.client) if path),
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "emulated",
            "AWS_SECRET_ACCESS_KEY": "emulated",
            "AWS_ACCOUNT_ID": ACCOUNT,
            "AWS_ACCOUNT_ID_ENDPOINT_MODE": "disabled",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_LAMBDA_FUNCTION_NAME": self.name,
            "AWS_LAMBDA_FUNCTION_TIMEOUT": str(self.timeout),
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            **self.environment,
        }

    def invoke(self, event: str | bytes) -> bytes:
        """Call the function with a JSON event and return its JSON answer. Raises FunctionDied."""
        url = f"http://127.0.0.1:{self._port}/2015-03-31/functions/function/invocations"
        body = event.encode() if isinstance(event, str) else event
        with self._lock:
            began = time.perf_counter()
            try:
                answer = httpx.post(url, content=body, timeout=self.timeout + 30, trust_env=False)
            except httpx.HTTPError as error:
                raise FunctionDied(f"{self.name}: {error!r}\n{self.log}") from error
            self.first_milliseconds = self.first_milliseconds or (time.perf_counter() - began) * 1000
        if answer.status_code != 200 or not answer.content:
            raise FunctionDied(f"{self.name} answered {answer.status_code}\n{self.log}")
        return answer.content

    @property
    def log(self) -> str:
        """The last lines that emulator and function wrote."""
        return "".join(self._log[-60:])

    @property
    def lines(self) -> Sequence[str]:
        """Everything that emulator and function wrote."""
        return self._log

    @property
    def init_milliseconds(self) -> float | None:
        """How long the function took to initialise, as the emulator reports it; None before the first call."""
        found = _INIT.search("".join(self._log))
        return float(found[1]) if found else None

    def _read(self, process: subprocess.Popen[str]) -> None:
        if process.stdout is not None:
            self._log.extend(process.stdout)

    def stop(self) -> None:
        """End the process and all that it started; harmless when it has ended."""
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)  # the session that was begun for this runtime alone
        self._process.wait(10)
        self._process = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def failure_in(answer: bytes) -> Mapping[str, Any] | None:
    """The runtime's description of an exception, if the answer is one: what Lambda calls an unhandled error."""
    if not answer.startswith(b'{"errorMessage"'):
        return None
    described = json.loads(answer)
    return described if {"errorType", "requestId"} <= described.keys() else None


@contextlib.contextmanager
def _free_ports(count: int) -> Any:
    with contextlib.ExitStack() as probes:
        found = []
        for _ in range(count):
            probe = probes.enter_context(socket.socket())
            probe.bind(("127.0.0.1", 0))
            found.append(int(probe.getsockname()[1]))
        yield tuple(found)
