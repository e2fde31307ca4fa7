"""The container image of the functions: ``make image`` and ``make image-test``.

    python -m infra.image build    the image, and the template of STAGE= that deploys it (build/STAGE/images.json)
    python -m infra.image test     the same on a base made here, run under the real Lambda runtime (infra/image_test.py)

Read from the environment: STAGE, BASE (another base image), TAG. docker, podman or buildah builds, whichever works.

What goes in is made on this machine, so that building needs no network and no compiler: the pinned wheels for the
base's Python, Chalice's two runtime files (as ``chalice package`` adds them), app.py and chalicelib.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import chalice

from infra import package
from infra.build import images
from infra.stages import stage_named

BUILD = package.BUILD / "image"
CONTAINERFILE = package.ROOT / "infra" / "container" / "Containerfile"
PYTHON = "3.13"  # of the default base
TAG = "onewindow:latest"

BUDGET = 210_000_000
"""Bytes that our part of the image may take, bytecode included. Lambda starts small images sooner.

A good third of it are the typesetter and the fonts of the certificates (ADR 0011).
"""

_EPOCH = 315_532_800  # 1980-01-01, as in the archive of infra.package
_PLATFORMS = ("manylinux2014_x86_64", "manylinux_2_17_x86_64", "manylinux_2_28_x86_64", "manylinux_2_34_x86_64")


class ImageError(Exception):
    """The image cannot be built, or is not what it should be; the text says why."""


# -- what goes in ------------------------------------------------------------------------------------------


def own_python() -> str:
    """The version of the Python that runs this: ``3.11``."""
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def context(folder: Path, python: str) -> None:
    """Lay out what the Containerfile copies: ``dependencies/`` and ``code/``, every file with the same time."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(_dependencies(python), folder / "dependencies")
    code = folder / "code"
    package.copy_shipped(code)
    runtime = code / "chalice"
    runtime.mkdir()
    for name in ("__init__.py", "app.py"):
        shutil.copy(Path(chalice.__file__).parent / name, runtime / name)
    shutil.copy(CONTAINERFILE, folder / "Containerfile")
    for path in [*folder.rglob("*"), folder]:
        os.utime(path, (_EPOCH, _EPOCH))
        path.chmod(0o755 if path.is_dir() else 0o644)


def task_folder(folder: Path, python: str) -> Path:
    """What /var/task holds in the image, as one folder of this machine; without bytecode."""
    with tempfile.TemporaryDirectory() as scratch:
        context(Path(scratch) / "context", python)
        shutil.rmtree(folder, ignore_errors=True)
        for part in ("dependencies", "code"):
            shutil.copytree(Path(scratch) / "context" / part, folder, dirs_exist_ok=True)
    return folder


def compile_folder(folder: Path) -> None:
    """Do to a folder what the Containerfile does, with this machine's Python."""
    command = [
        sys.executable,
        "-m",
        "compileall",
        "-q",
        "-j",
        "1",
        "--invalidation-mode",
        "unchecked-hash",
        str(folder),
    ]
    run(command)


def size(folder: Path) -> int:
    """Bytes of all files."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def _dependencies(python: str) -> Path:
    """The pinned wheels for that Python, unpacked; kept for as long as the pins stay."""
    pins = package.ROOT / "requirements.txt"
    digest = hashlib.sha256(pins.read_bytes()).hexdigest()[:16]
    kept = BUILD / f"dependencies-{python}-{digest}"
    if kept.exists():
        return kept
    BUILD.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=BUILD) as scratch:
        made = Path(scratch) / "made"
        platforms = [word for platform in _PLATFORMS for word in ("--platform", platform)]
        exactly = ["--no-deps", "--only-binary", ":all:", "--no-compile", "--python-version", python, *platforms]
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        run([*pip, *exactly, "--target", str(made), "--requirement", str(pins)])
        shutil.rmtree(made / "bin", ignore_errors=True)
        if not kept.exists():
            made.rename(kept)
    return kept


# -- building ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Builder:
    """A program that builds images: what is said to it before ``build`` and after."""

    before: Sequence[str]
    after: Sequence[str] = ()

    def build(self, folder: Path, tag: str, base: str | None) -> None:
        """Build the image of a context."""
        arguments = ["--build-arg", f"BASE={base}"] if base else []
        run([*self.before, "build", *self.after, *arguments, "--tag", tag, "--file", "Containerfile", "."], cwd=folder)


def builder() -> Builder:
    """docker, podman or buildah, the first that works. Raises ImageError when there is none."""
    found: dict[str, Callable[[], Builder]] = {
        "docker": lambda: Builder(["docker"]),
        "podman": lambda: Builder(["podman"], ["--timestamp", str(_EPOCH)]),
        "buildah": lambda: Builder(["buildah"], ["--timestamp", str(_EPOCH)]),
    }
    for name, make in found.items():
        works = shutil.which(name) and subprocess.run([name, "info"], capture_output=True, check=False).returncode == 0
        if works:
            return make()
    raise ImageError("No docker, podman or buildah that works. On Debian: apt-get install buildah")


def build(stage: str, base: str | None, tag: str) -> None:
    """Build the image and the template that deploys it. Raises ImageError, PackagingError."""
    folder = BUILD / "context"
    context(folder, PYTHON)
    within_budget(size(folder / "dependencies") + size(folder / "code"))
    builder().build(folder, tag, base)
    sam = images(package.sam_template(stage_named(stage)))
    target = package.BUILD / stage / "images.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(sam, ensure_ascii=False, indent=1), encoding="utf-8")
    package.check_template(target)
    print(f"{tag}, and {target.relative_to(package.ROOT)} that deploys it")
    print("Next: push the image, then deploy with its address as ImageUri; see docs/operations.md.")


def within_budget(taken: int) -> None:
    """Raise ImageError if our part of the image has grown beyond what was agreed."""
    if taken > BUDGET:
        raise ImageError(f"our part of the image takes {taken / 1e6:.0f} MB, more than {BUDGET / 1e6:.0f} MB")
    print(f"Our part of the image takes {taken / 1e6:.0f} MB of {BUDGET / 1e6:.0f} MB.")


def run(command: Sequence[str], cwd: Path | None = None) -> str:
    """What a program prints. Raises ImageError with all of it when the program fails."""
    environment = os.environ | {"SOURCE_DATE_EPOCH": str(_EPOCH), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd, env=environment)
    if done.returncode != 0:
        raise ImageError(f"{' '.join(command)}:\n{done.stdout}{done.stderr}")
    return done.stdout


def main(arguments: Sequence[str]) -> int:
    """Command line; see the module's text."""
    command = arguments[0] if arguments else "build"
    told = os.environ
    try:
        if command == "build":
            build(told.get("STAGE") or "xilingol", told.get("BASE") or None, told.get("TAG") or TAG)
            return 0
        if command == "test":
            from infra import image_test

            return image_test.main()
    except (ImageError, package.PackagingError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    print(__doc__)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
