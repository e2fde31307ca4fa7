"""Everything the product can be asked to do that writes, listed from the product itself."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pkgutil import iter_modules
from types import CodeType, FrameType, ModuleType
from typing import Any

from chalicelib import services
from chalicelib.domain import cases
from chalicelib.edge.functions import REGISTRY
from chalicelib.events.timers import HANDLERS

WRITES = frozenset({"commit", "publish", "erase", "renew_token", "record", "note"})
"""Methods of ports that change what is stored. A use case that calls one is a command, keyed or not."""


def use_cases() -> dict[str, CodeType]:
    """Public functions of the services that take an idempotency key, or write by themselves."""
    found = {}
    for module in _modules(services):
        for name, function in vars(module).items():
            own = inspect.isfunction(function) and function.__module__ == module.__name__
            if own and not name.startswith("_") and _is_command(function):
                found[f"{module.__name__.rpartition('.')[2]}.{name}"] = function.__code__
    return found


def transitions() -> set[str]:
    """The domain's commands."""
    return {command.__name__ for command in cases.TRANSITIONS}


def functions() -> dict[str, CodeType]:
    """Lambda functions without HTTP, and what acts on each kind of timer."""
    import_module("app")  # the registry is filled by whatever the app is made of
    found = {name: inspect.unwrap(_load(spec.handler)).__code__ for name, spec in REGISTRY.items()}
    return found | {f"timer {kind}": handler.__code__ for kind, handler in HANDLERS.items()}


class Watched:
    """What was run: code, and commands of the domain that were handled."""

    def __init__(self) -> None:
        self.code: set[CodeType] = set()
        self.commands: set[str] = set()


@contextmanager
def watching() -> Iterator[Watched]:
    """Note every function of ours that runs, and every command that a case handles."""
    seen, handle = Watched(), cases.handle

    def noting(frame: FrameType, event: str, argument: Any) -> None:
        seen.code.add(frame.f_code)  # called for each new frame, and for nothing in it, as it answers None

    def handled(case: Any, command: object, *more: Any, **named: Any) -> Any:
        done = handle(case, command, *more, **named)
        seen.commands.add(type(command).__name__)
        return done

    cases.handle = handled  # type: ignore[assignment]
    sys.settrace(noting)
    try:
        yield seen
    finally:
        sys.settrace(None)
        cases.handle = handle  # type: ignore[assignment]


def _is_command(function: Callable[..., Any]) -> bool:
    if "key" in inspect.signature(function).parameters:
        return True
    return bool(WRITES & set(function.__code__.co_names))


def _modules(package: ModuleType) -> Iterator[ModuleType]:
    for module in iter_modules(package.__path__):
        yield import_module(f"{package.__name__}.{module.name}")


def _load(handler: str) -> Callable[..., Any]:
    module, _, name = handler.rpartition(".")
    found = getattr(import_module(module), name)
    while not inspect.isfunction(found):  # Chalice wraps it in objects of its own
        found = vars(found).get("func") or vars(found)["_original_func"]
    return found
