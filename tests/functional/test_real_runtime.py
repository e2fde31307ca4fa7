"""Every function as Lambda loads it: its own module in a fresh process under AWS's runtime, from the packaged folder.

The image itself is built and run by ``make image-test``.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from infra import image
from infra.functions import functions
from infra.local.rie import FunctionDied, Place, RuntimeProcess, RuntimeUnavailable, failure_in

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory) -> Path:
    try:
        folder = image.task_folder(tmp_path_factory.mktemp("image") / "task", image.own_python())
        Place.on_this_machine(folder)
    except (RuntimeUnavailable, image.ImageError) as lacking:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(lacking))
    return folder


@pytest.mark.slow
def test_every_function_of_the_template_answers_an_event_of_its_source(task: Path) -> None:
    # In a process of its own: a process has one moto, and other tests keep their stack in it.
    command = [sys.executable, "-m", "infra.image_test", str(task)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)

    assert done.returncode == 0, done.stdout + done.stderr
    assert {line.split()[1] for line in done.stdout.splitlines() if line.startswith("  ✓ ")} == functions().keys()


@pytest.mark.slow
def test_what_ships_stays_within_its_budget_and_holds_nothing_else(task: Path) -> None:
    names = {path.name for path in task.iterdir()}

    assert image.size(task) < image.BUDGET
    assert not {"infra", "tests", "docs", "moto", "awslambdaric"} & names
    assert {path.name for path in (task / "chalice").glob("*.py")} == {"__init__.py", "app.py"}


def test_bytecode_is_checked_against_nothing_and_names_no_moment(task: Path, tmp_path: Path) -> None:
    shutil.copy(task / "chalicelib" / "wiring.py", tmp_path)

    image.compile_folder(tmp_path)

    (compiled,) = tmp_path.rglob("*.pyc")
    # PEP 552: bit 0 of the flags says by hash, bit 1 that the source is looked at; then the hash instead of a time.
    assert compiled.read_bytes()[4:8] == b"\x01\x00\x00\x00"


@pytest.mark.slow
def test_a_function_that_raises_and_one_that_dies_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text(
        "import os\ndef raises(event, context):\n    raise ValueError('no')\n"
        "def dies(event, context):\n    os._exit(3)\n",
        encoding="utf-8",
    )
    try:
        place = Place.on_this_machine(tmp_path)
    except RuntimeUnavailable as lacking:
        pytest.skip(str(lacking))

    with RuntimeProcess(place, "broken.raises", {}) as function:
        described = failure_in(function.invoke("{}"))
    assert described is not None
    assert (described["errorType"], described["errorMessage"]) == ("ValueError", "no")

    with RuntimeProcess(place, "broken.dies", {}) as function, pytest.raises(FunctionDied, match="exit status 3"):
        function.invoke("{}")
