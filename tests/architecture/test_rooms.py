"""Who may know whom, and what nobody may do. import-linter holds the same order for whole chains of imports."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest

from tests.architecture.sources import ROOT, modules, room

OUR = "chalicelib."

# Rooms of the house that a room may import from; every one may import from itself.
MAY_KNOW = {
    "domain": (),
    "services": ("domain",),
    "schemas": ("domain", "services.ports"),
    "storage": (
        "domain",
        "services.ports",
        "services.calendar_ports",
        "services.catalog_ports",
        "services.log_ports",
        "services.message_ports",
        "services.outage_ports",
        "services.schedule_ports",
        "services.seal_ports",
        "services.appointment_ports",
        "services.upload_ports",
        "data",
        "schemas",
        "settings",
        "observability",
    ),
    "gateways": (
        "domain",
        "services.ports",
        "services.log_ports",
        "services.message_ports",
        "services.outage_ports",
        "services.seal_ports",
        "services.upload_ports",
        "settings",
        "observability",
    ),
    "wiring": (
        "domain",
        "services.ports",
        "services.catalog_ports",
        "services.commitment_ports",
        "services.credit_ports",
        "services.log_ports",
        "services.message_ports",
        "services.outage_ports",
        "services.schedule_ports",
        "services.seal_ports",
        "services.appointment_ports",
        "services.upload_ports",
        "storage",
        "gateways",
        "schemas",
        "data",
        "settings",
    ),
    "edge": ("domain", "services", "wiring", "schemas", "data", "settings", "observability", "gateways.jwks"),
    "api": ("domain", "services", "wiring", "edge", "data", "schemas", "observability"),
    "tasks": ("domain", "services", "wiring", "edge", "observability"),
    "events": ("domain", "services", "wiring", "edge", "observability"),
}

# Only these rooms may import these packages from outside.
ONLY_IN = {
    "pynamodb": {"storage"},
    "boto3": {"gateways", "wiring"},
    "botocore": {"gateways", "wiring", "storage"},
    "chalice": {"edge", "app"},
    "aws_lambda_powertools": {"edge", "observability"},
    "jsonschema_rs": {"schemas", "edge"},
    "joserfc": {"edge"},
    "cattrs": {"storage"},
    "cryptography": {"gateways"},
    "segno": {"api"},
}


def test_the_domain_knows_the_standard_library_and_itself() -> None:
    for module in room("domain"):
        for name in module.imports():
            top = name.split(".")[0]
            assert top in sys.stdlib_module_names or name.startswith(f"{OUR}domain"), (module.name, name)


@pytest.mark.parametrize("name", MAY_KNOW)
def test_a_room_imports_only_from_rooms_that_it_may_know(name: str) -> None:
    allowed = (name, *MAY_KNOW[name])
    for module in room(name):
        for imported in module.imports():
            if imported.startswith(OUR):
                inner = imported.removeprefix(OUR)
                assert inner.startswith(allowed), (module.name, imported)


@pytest.mark.parametrize("package", ONLY_IN)
def test_a_foreign_package_is_known_in_its_own_room_only(package: str) -> None:
    knowing = {m.room for m in modules() if package in {name.split(".")[0] for name in m.imports()}}
    assert knowing <= ONLY_IN[package]


def test_the_composition_root_is_short_and_nothing_imports_it() -> None:
    (root,) = room("app")
    assert root.lines < 60
    assert [m.name for m in modules() if any(name.split(".")[0] == "app" for name in m.imports())] == []


def test_nothing_that_ships_imports_what_does_not() -> None:
    """The package holds chalice/app.py alone, and neither infra nor tests."""
    for module in modules():
        for name in module.imports():
            assert name.split(".")[0] not in {"infra", "tests", "moto"}, (module.name, name)
            if name.startswith("chalice."):
                assert name.startswith("chalice.app.") or name.count(".") == 1, (module.name, name)


@pytest.mark.parametrize(
    ("attribute", "why", "allowed"),
    [
        ("json_body", "accepts NaN, repeated names and lone surrogates: use edge.strict_json", ()),
        ("batch_write", "silently bypasses the version check", ()),
        ("add_version_condition", "switches the version check off", ()),
        ("scan", "reads a whole table", ()),
    ],
)
def test_what_is_known_to_go_wrong_is_not_used(attribute: str, why: str, allowed: tuple[str, ...]) -> None:
    used = [f"{m.name}:{line}" for m in modules() for name, line in m.attributes() if name == attribute]
    assert [place for place in used if place.rsplit(":", 1)[0] not in allowed] == [], why


def test_the_only_bare_addition_in_the_database_is_the_running_number() -> None:
    """ADD is repeated by a retry that follows a lost answer; numbers may have gaps, nothing else may."""
    adding = [m.name for m in room("storage") if ".add(1)" in m.path.read_text(encoding="utf-8")]
    assert adding == ["chalicelib.storage.cases"]


def test_product_code_never_reads_the_system_clock_or_draws_lots() -> None:
    forbidden: dict[str, Callable[[str], bool]] = {
        "the Clock port": lambda name: name.split(".")[0] in {"time"} and name != "time.monotonic",
        "the Ids port": lambda name: name.split(".")[0] in {"uuid", "random", "ulid"},
    }
    ports = {"chalicelib.gateways.clock", "chalicelib.gateways.ids"}
    for module in modules():
        if module.name in ports:
            continue
        for name in module.imports():
            for port, is_forbidden in forbidden.items():
                assert not is_forbidden(name), f"{module.name} imports {name}: ask {port}"
        used = {name for name, _ in module.attributes()}
        assert not used & {"utcnow", "utcfromtimestamp"}, module.name
        assert "datetime.now(" not in module.path.read_text(encoding="utf-8"), module.name


def test_modules_are_named_after_what_they_are_about_and_stay_small() -> None:
    vague = {"utils", "util", "helpers", "helper", "common", "manager", "misc"}
    for module in modules():
        last = module.name.rsplit(".", 1)[-1]
        assert last not in vague, module.path
        assert not last.startswith("base_"), module.path
        assert module.lines <= 500, f"{module.path} has {module.lines} lines"


def test_no_file_of_the_project_names_a_place_outside_it() -> None:
    suffixes = {".py", ".toml", ".in", ".txt", ".md", ".json", ".cfg", ".yaml", ".yml", ""}
    # Put together here, so that this file is not the one that names them.
    outside = ("/" + "work/", "/" + "opt/pypi", "pypi" + ".org", "python" + "hosted.org")
    outside += ("registry." + "npmjs", "../" + "shared")
    folders = [ROOT / name for name in ("chalicelib", "infra", "statemachines", "tests", "docs", ".chalice", ".ci")]
    files = [f for folder in folders for f in folder.rglob("*") if f.is_file() and f.suffix in suffixes]
    files += [f for f in ROOT.iterdir() if f.is_file() and f.suffix in suffixes]
    for path in files:
        if path.name == ".git":
            continue  # of a worktree: says where its repository is, and belongs to none
        text = path.read_text(encoding="utf-8", errors="replace")
        assert not [name for name in outside if name in text], path
