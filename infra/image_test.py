"""``make image-test``: the image built and run on this machine, without any image registry.

1. A base of our own plays the part of AWS's: Debian 12 with its Python 3.11 and the runtime interface client
   (debootstrap; kept under build/image). It is no copy of Amazon Linux: what it shows is that the image is built as
   written, holds all it needs and nothing that must be written to, and works under the real runtime.
2. The product's Containerfile is built on it, and its part is weighed.
3. Every function runs from the image's root: read-only, /tmp alone writable, as no privileged user, behind AWS's own
   runtime interface emulator. Each gets a real event of its source; then scenario ``main`` runs over all of them.

Needs root, buildah and debootstrap (Debian: apt-get install buildah debootstrap).

    python -m infra.image_test FOLDER    only the events, to functions in a folder of this machine: no image, no root
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infra import image
from infra.functions import functions
from infra.image import BUILD, Builder, ImageError
from infra.local import environment
from infra.local.rie import CLIENT, Place, client, emulator

PYTHON = "3.11"  # of Debian 12
SUITE = "bookworm"
BASE = f"localhost/onewindow-base:{SUITE}"
TAG = "localhost/onewindow:test"

# vfs and chroot: they ask nothing of the kernel that a container or a build machine would refuse.
_BUILDAH = ("buildah", "--storage-driver", "vfs", "--root", str(BUILD / "storage"), "--runroot", "/run/onewindow-image")

_ENTER = """\
set -e
root=$1; shift
mount --bind "$root" "$root"
mount -t tmpfs -o mode=1777,size=512m tmpfs "$root/tmp"
mount --rbind /dev "$root/dev"
cp "$1" "$root/tmp/aws-lambda-rie"; shift
mount -o remount,bind,ro "$root"
exec /usr/sbin/chroot --userspec=65534:65534 "$root" /bin/sh -c 'cd /var/task && exec "$@"' sh /tmp/aws-lambda-rie "$@"
"""


def main() -> int:
    """All of it; the exit code says whether it went well. Raises ImageError where a step could not be done."""
    missing = [name for name in ("buildah", "debootstrap", "unshare") if shutil.which(name) is None]
    if missing or os.geteuid() != 0:
        raise ImageError(
            f"make image-test needs root and {', '.join(missing) or 'nothing else'}; see infra/image_test.py"
        )
    _make_base()
    folder = BUILD / "test-context"
    image.context(folder, PYTHON)
    print("Building the image …", flush=True)
    Builder([*_BUILDAH], ["--isolation", "chroot", "--timestamp", "315532800"]).build(folder, TAG, BASE)
    with _mounted() as root:
        image.within_budget(image.size(root / "var" / "task"))
        if not list((root / "var" / "task" / "chalicelib").rglob("*.pyc")):
            raise ImageError("the image has no bytecode: each cold start would compile everything anew")
        place = Place(
            task="/var/task",
            python=("python3",),
            client="/var/runtime",
            emulator=str(emulator()),
            command=("unshare", "--mount", "/bin/sh", "-c", _ENTER, "enter", str(root)),
        )
        _nothing_can_be_written(place)
        return run_all(place)


def run_all(place: Place, *, scenario: bool = True) -> int:
    """Send every function an event of its source, then run scenario ``main``; 0 if all went well."""
    os.environ.setdefault("POWERTOOLS_METRICS_DISABLED", "true")
    environment.prepare()
    from infra.local import probes
    from infra.local.cloud import EmulatedCloud
    from infra.local.probes import ProbeFailed

    cloud = EmulatedCloud("xilingol", place=place)
    try:
        cloud.start()
        cloud.pause()
        token = cloud.token("herder")
        for function in functions().values():
            name = cloud.deployed.physical[function.logical_id]
            event = json.dumps(probes.event_for(function, token), ensure_ascii=False)
            answer = cloud.functions.run(name, function.handler, event)
            probes.check(function, json.loads(answer.payload))
            if cloud.containers is not None:
                kind = type(function.source).__name__.lower() if function.source else "api gateway"
                print(
                    f"  ✓ {function.name} ({kind}), loaded in {cloud.containers.initialised[name]:.0f} ms", flush=True
                )
        if not scenario:
            return 0
        cloud.reset()
        cloud.forget_failures()
        from tests.e2e.runner import run

        code = run("main", cloud.url)
        for failure in cloud.failures():
            print(f"\nWent wrong unexpectedly:\n{failure}", file=sys.stderr)
        return code or int(bool(cloud.failures()))
    except ProbeFailed as failure:
        print(f"  ✗ {failure}\n{_log_of(cloud)}", file=sys.stderr)
        return 1
    finally:
        cloud.stop()


def _log_of(cloud: object) -> str:
    containers = getattr(cloud, "containers", None)
    return "\n".join(containers.logs()) if containers is not None else ""


def _make_base() -> None:
    """The base, made once: it changes only with the suite and the runtime client."""
    if (
        subprocess.run([*_BUILDAH, "inspect", "--type", "image", BASE], capture_output=True, check=False).returncode
        == 0
    ):
        return
    print(f"Making the base (debootstrap {SUITE}; a minute or two) …", flush=True)
    BUILD.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=BUILD) as scratch:
        root = Path(scratch) / "root"
        image.run(["debootstrap", "--variant=minbase", "--include=python3", SUITE, str(root)])
        shutil.copytree(client(PYTHON), root / "var" / "runtime")
        for cache in ("var/cache/apt", "var/lib/apt/lists"):
            shutil.rmtree(root / cache, ignore_errors=True)
        container = image.run([*_BUILDAH, "from", "scratch"]).strip()
        image.run([*_BUILDAH, "add", "--quiet", container, str(root), "/"])
        image.run([*_BUILDAH, "config", "--env", "LAMBDA_TASK_ROOT=/var/task", "--workingdir", "/var/task", container])
        image.run([*_BUILDAH, "config", "--label", f"runtime-client={CLIENT[0]}", container])
        image.run([*_BUILDAH, "commit", "--quiet", "--rm", container, BASE])


@contextmanager
def _mounted() -> Iterator[Path]:
    container = image.run([*_BUILDAH, "from", "--pull-never", TAG]).strip()
    try:
        yield Path(image.run([*_BUILDAH, "mount", container]).strip())
    finally:
        image.run([*_BUILDAH, "rm", container])


def _nothing_can_be_written(place: Place) -> None:
    """The rules of Lambda's root hold here, or what follows would show nothing."""
    tries = (
        "touch /var/task/x 2>/dev/null && exit 1; touch /x 2>/dev/null && exit 1; touch /tmp/x && test $(id -u) != 0"
    )
    # Where the emulator goes, a shell: it is copied to /tmp and run there in the same way.
    inside = [*place.command, "/bin/sh", "-c", tries]
    done = subprocess.run(inside, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ImageError(f"the image's root is not read-only: {shlex.join(inside)}\n{done.stderr}")


if __name__ == "__main__":
    sys.exit(run_all(Place.on_this_machine(Path(sys.argv[1])), scenario=False))
