"""Builds the deployable of a stage: ``python -m infra.package --stage hohhot`` or ``make package STAGE=hohhot``.

    build/<stage>/sam.json        the template: Chalice's own with ours merged in
    build/<stage>/deployment.zip  the code with its dependencies, the same bytes for the same sources

Chalice packages a copy of what ships, so that nothing else of the work tree (caches of bytecode, earlier
packages, other people's edits half-way through) gets in. A package is only left behind if it is whole: Chalice
reports dependencies that it could not build and still exits with 0, so the text is read, and the application is
imported from the archive alone, without the packages of this machine.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from infra import config
from infra.build import REGION, TranslationError, cloudformation
from infra.resources import template
from infra.stages import Stage, stage_named

Json = dict[str, Any]

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "build"

_SHIPPED = ("app.py", "chalicelib")
UNPACKED_LIMIT = 250_000_000
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest moment that a zip archive can name


class PackagingError(Exception):
    """The package would not work; the text says why."""


def package(stage: Stage, folder: Path) -> Path:
    """Build the stage's deployable into ``folder``, check it, and return the path of its template.

    Raises PackagingError; what was in the folder before is then gone, so that nobody deploys it by mistake.
    """
    shutil.rmtree(folder, ignore_errors=True)
    with tempfile.TemporaryDirectory() as scratch:
        made = Path(scratch) / "made"
        _chalice_package(stage, Path(scratch) / "source", made, with_dependencies=True)
        _normalise(made / "deployment.zip")
        check_template(made / "sam.json")
        check_archive(made / "deployment.zip")
        check_size(made / "deployment.zip")
        shutil.copytree(made, folder)
    return folder / "sam.json"


def stack_template(stage: Stage) -> Json:
    """The stage's plain CloudFormation, without building its dependencies: two seconds, no network.

    It equals what the packaged template of the stage expands to; the emulated cloud deploys this.
    """
    return cloudformation(sam_template(stage))


def sam_template(stage: Stage) -> Json:
    """The stage's template as ``chalice package`` writes it, without building its dependencies."""
    with tempfile.TemporaryDirectory() as scratch:
        made = Path(scratch) / "made"
        _chalice_package(stage, Path(scratch) / "source", made, with_dependencies=False)
        written: Json = json.loads((made / "sam.json").read_text(encoding="utf-8"))
        return written


def check_template(sam: Path) -> None:
    """Expand the template as AWS would and lint both. Raises PackagingError with every finding."""
    try:
        expanded = cloudformation(json.loads(sam.read_text(encoding="utf-8")))
    except TranslationError as error:
        raise PackagingError(f"the template is not valid: {error}") from error
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".json") as plain:
        json.dump(expanded, plain, ensure_ascii=False)
        plain.flush()
        lint = [sys.executable, "-c", "from cfnlint.runner import main; main()", "--format", "parseable"]
        linted = _run([*lint, "--regions", "cn-north-1", "cn-northwest-1", "--template", str(sam), plain.name])
    if linted.returncode != 0:
        raise PackagingError(f"cfn-lint:\n{linted.stdout}{linted.stderr}")


def check_size(archive: Path) -> None:
    """Lambda takes no function that is larger than 250 MB unpacked (AWS Lambda, quotas). Raises PackagingError."""
    with zipfile.ZipFile(archive) as packed:
        size = sum(entry.file_size for entry in packed.infolist())
    if size > UNPACKED_LIMIT:
        raise PackagingError(
            f"unpacked, the function takes {size / 1e6:.0f} MB; Lambda takes {UNPACKED_LIMIT / 1e6:.0f}"
        )


def check_archive(archive: Path) -> None:
    """Import the application from the unpacked archive alone, as Lambda will. Raises PackagingError."""
    with tempfile.TemporaryDirectory() as unpacked:
        with zipfile.ZipFile(archive) as packed:
            packed.extractall(unpacked)
        # -I and -S: neither this machine's packages nor the work tree are to be seen.
        program = f"import sys; sys.path.insert(0, {unpacked!r}); import app; app.app"
        imported = _run([sys.executable, "-I", "-S", "-B", "-c", program])
    if imported.returncode != 0:
        raise PackagingError(f"the packaged application cannot be imported:\n{imported.stderr}")


def _chalice_package(stage: Stage, source: Path, made: Path, *, with_dependencies: bool) -> None:
    _copy_shipped(source, with_dependencies=with_dependencies)
    merge = source.parent / "merge.json"
    merge.write_text(json.dumps(template(stage), ensure_ascii=False), encoding="utf-8")
    chalice = "from chalice.cli import main; raise SystemExit(main())"  # there is no `python -m chalice`
    command = [sys.executable, "-c", chalice, "--project-dir", str(source), "package"]
    done = _run([*command, "--stage", stage.name, "--merge-template", str(merge), str(made)])
    said = done.stdout + done.stderr
    if done.returncode != 0 or "Could not install dependencies" in said:
        raise PackagingError(f"chalice package:\n{said}")


def copy_shipped(target: Path) -> None:
    """Copy our own code that ships, without caches, into a new folder."""
    target.mkdir()
    for name in _SHIPPED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, target / name, ignore=shutil.ignore_patterns("__pycache__", ".*"))
        else:
            shutil.copy(ROOT / name, target / name)


def _copy_shipped(source: Path, *, with_dependencies: bool) -> None:
    copy_shipped(source)
    requirements = (ROOT / "requirements.txt").read_text(encoding="utf-8") if with_dependencies else ""
    (source / "requirements.txt").write_text(requirements, encoding="utf-8")
    (source / ".chalice").mkdir()
    for name, content in config.files().items():
        (source / ".chalice" / name).write_text(content, encoding="utf-8")


def _normalise(archive: Path) -> None:
    """Same sources, same bytes: entries in order, without times and rights of this machine."""
    ordered = archive.with_suffix(".ordered")
    with zipfile.ZipFile(archive) as made, zipfile.ZipFile(ordered, "w", zipfile.ZIP_DEFLATED) as target:
        for name in sorted(set(made.namelist())):
            if name.endswith("/"):
                continue
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            target.writestr(entry, made.read(name))
    ordered.replace(archive)


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {
        # Chalice asks botocore for the partition of a region; no call is made.
        "AWS_DEFAULT_REGION": REGION,
        "PYTHONDONTWRITEBYTECODE": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment, cwd="/")


def main() -> int:
    """Command line; see the module's text."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--stage", required=True)
    try:
        stage = stage_named(parser.parse_args().stage)
        made = package(stage, BUILD / stage.name)
    except (PackagingError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    size = (made.parent / "deployment.zip").stat().st_size
    print(f"{made.relative_to(ROOT)} and deployment.zip ({size / 1e6:.1f} MB)")
    print("Next: aws cloudformation package, then deploy; see docs/operations.md.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
