"""Looks at the product's own source text: imports and attributes by syntax tree, nothing is run."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Module:
    """One source file of the product."""

    path: Path
    tree: ast.Module

    @property
    def name(self) -> str:
        """``chalicelib.domain.cases``."""
        parts = self.path.relative_to(ROOT).with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @property
    def room(self) -> str:
        """``domain``; the file's own name for what stands directly in chalicelib, ``app`` for app.py."""
        parts = self.name.split(".")
        return parts[1] if len(parts) > 1 else parts[0]

    @property
    def lines(self) -> int:
        """How long the file is."""
        return len(self.path.read_text(encoding="utf-8").splitlines())

    def imports(self) -> Iterator[str]:
        """Dotted names of everything imported, wherever in the file."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield from (f"{node.module}.{alias.name}" for alias in node.names)

    def attributes(self) -> Iterator[tuple[str, int]]:
        """Every attribute that the file reads or calls, with its line."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Attribute):
                yield node.attr, node.lineno


@cache
def modules() -> tuple[Module, ...]:
    """All that ships: app.py and chalicelib."""
    paths = [ROOT / "app.py", *sorted((ROOT / "chalicelib").rglob("*.py"))]
    return tuple(Module(path, ast.parse(path.read_text(encoding="utf-8"))) for path in paths)


def room(name: str) -> list[Module]:
    """The modules of one room."""
    return [module for module in modules() if module.room == name]
