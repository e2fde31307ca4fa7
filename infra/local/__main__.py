"""``make run`` and ``make scenario``.

    python -m infra.local run        start, do the main job as a client, go on serving (ONCE=1: exit instead)
    python -m infra.local serve      start and serve, without doing the main job
    python -m infra.local scenario   run scenario NAME= against an own emulated cloud, or against URL=

Read from the environment: PORT (0 takes a free one), STAGE, ONCE, DYNAMODB (moto or local), DATA (the folder of
the local engine's files, build/data/STAGE unless named), NAME, URL, and for URL the file of tokens in TOKENS
(``key=token`` lines).
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import signal
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from infra.local import environment
from infra.local.engine import EngineUnavailable

if TYPE_CHECKING:
    from infra.local.cloud import EmulatedCloud

_died: list[str] = []


def main(arguments: list[str]) -> int:
    """Run the named command; the exit code says whether all went well."""
    command = arguments[0] if arguments else "run"
    if command not in ("run", "serve", "scenario"):
        print(__doc__)
        return 2
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    threading.excepthook = _note_death
    url = os.environ.get("URL", "")
    name = os.environ.get("NAME") or "main"
    try:
        if command == "scenario" and url:
            return _run_scenario(name, url)
        return _with_cloud({"run": "main", "serve": "", "scenario": name}[command], serve=command != "scenario")
    except KeyboardInterrupt:
        print("\nInterrupted.", flush=True)
        return 130


def _with_cloud(scenario: str, *, serve: bool) -> int:
    began = time.monotonic()
    stage, dynamodb = os.environ.get("STAGE") or "xilingol", os.environ.get("DYNAMODB") or "moto"
    once = os.environ.get("ONCE", "") not in ("", "0")
    if dynamodb not in ("moto", "local"):
        print(f"DYNAMODB={dynamodb}: there are moto and local", file=sys.stderr)
        return 2
    log = _quieten(stage)
    print(f"OneWindow (一窗), stage {stage}: starting the emulated cloud …", flush=True)
    data = Path(os.environ.get("DATA") or environment.BUILD / "data" / stage) if dynamodb == "local" else None
    port = int(os.environ.get("PORT") or 8000) if serve else 0
    with contextlib.ExitStack() as ending:
        try:
            cloud = _start(stage, port, data, ending)
        except (EngineUnavailable, ValueError, OSError) as error:
            print(_in_words(error, port), file=sys.stderr)
            return 1
        print(f"  Up after {time.monotonic() - began:.1f} s. Log: {log.relative_to(environment.ROOT)}\n", flush=True)
        code = _run_scenario(scenario, cloud.url) if scenario else 0
        code = _tell_failures(cloud) or code
        if once or not serve:
            return code
        return _serve(cloud)


def _start(stage: str, port: int, data: Path | None, ending: contextlib.ExitStack) -> EmulatedCloud:
    from infra.local.cloud import EmulatedCloud

    cloud = EmulatedCloud(stage, port=port, data=data, report=lambda line: print(f"  {line}", flush=True))
    ending.callback(cloud.stop)
    cloud.start()
    return cloud


def _in_words(error: Exception, port: int) -> str:
    if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
        ports = f"one of the ports {port} to {port + 2} (the API, its token issuer, the store of files)"
        return f"Something else uses {ports}: give another PORT=."
    return str(error) if isinstance(error, ValueError | EngineUnavailable) else repr(error)


def _serve(cloud: EmulatedCloud) -> int:
    try:
        _introduce(cloud)
        threading.Event().wait()
    except KeyboardInterrupt:
        print("\nStopping …", flush=True)
    return 0


def _run_scenario(name: str, url: str) -> int:
    """Run a scenario as a plain HTTP client, in this process but with nothing in its hands but the URL."""
    sys.path.insert(0, str(environment.ROOT))
    from tests.e2e.runner import run

    return run(name, url, tokens=os.environ.get("TOKENS") or None)


def _tell_failures(cloud: EmulatedCloud) -> int:
    """What went wrong without any client noticing, once everything has come to rest."""
    failures: list[str] = []
    try:
        cloud.settle()
    except TimeoutError as error:
        failures.append(str(error))
    failures += [*cloud.failures(), *_died]
    for failure in failures:
        print(f"\nWent wrong unexpectedly:\n{failure}", file=sys.stderr, flush=True)
    return 1 if failures else 0


def _note_death(thread: threading.ExceptHookArgs) -> None:
    """A thread that dies must not do so unseen."""
    _died.append("".join(traceback.format_exception(thread.exc_value)) if thread.exc_value else str(thread.exc_type))
    threading.__excepthook__(thread)


def _introduce(cloud: EmulatedCloud) -> None:
    tokens = environment.BUILD / "local" / f"{cloud.stage}.tokens"
    tokens.touch(mode=0o600)
    lines = [f"# {p.key}: {p.what}\n{_variable(p.key)}={cloud.token(p.key)}" for p in cloud.people.values()]
    tokens.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\nPeople of this stack, all of them made up (the tokens outlive a restart on the same port):\n")
    print("\n".join(lines))
    url = cloud.url
    print(
        f"""
Base URL: {url}        API description: {url}/v1/docs

Go on by hand:
  source {tokens.relative_to(environment.ROOT)}
  curl -s '{url}/v1/cases' -H "Authorization: Bearer $HERDER"
  curl -s '{url}/v1/worklist?queue=review' -H "Authorization: Bearer $LEAGUE_REVIEW"
  curl -s -X POST {url}/_local/clock -d '{{"advance_seconds": 86400}}'    # move the clock by a day
  curl -s -X POST {url}/_local/reset                                    # begin anew

Ctrl-C ends it.""",
        flush=True,
    )


def _variable(key: str) -> str:
    return key.upper().replace("-", "_")


def _quieten(stage: str) -> Path:
    """The screen is for what people read: the product's own log goes to a file."""
    path = environment.BUILD / "local" / f"{stage}.log"
    path.parent.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("POWERTOOLS_METRICS_DISABLED", "true")
    environment.prepare()
    from chalicelib import observability

    product = logging.getLogger(observability.SERVICE)
    for handler in list(product.handlers):
        to_file = logging.FileHandler(path, mode="w", encoding="utf-8")
        to_file.setFormatter(handler.formatter)
        product.removeHandler(handler)
        product.addHandler(to_file)
    return path


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
