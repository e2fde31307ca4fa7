"""Cold starts under the real Lambda runtime: the API as it ships, beside ``import boto3`` and one client."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from infra import image
from infra.local.rie import Place, RuntimeProcess
from tests.benchmarks.figures import Report, median
from tests.benchmarks.stand import Stand, event

_FLOOR = """\
import boto3

client = boto3.client("dynamodb", region_name="cn-north-1")


def handler(event, context):
    client.list_tables()
    return {}
"""


def cold_starts(stand: Stand, report: Report, folder: Path, rounds: int) -> None:
    """Initialisation as the runtime reports it, and until the first answer; product and floor take turns.

    Both lie in one folder, with the same libraries and their bytecode, as the image has them. The product is also
    started without bytecode, which is what a package without it pays each time.
    """
    task = image.task_folder(folder / "task", python=image.own_python())
    (task / "floor.py").write_text(_FLOOR, encoding="utf-8")
    image.compile_folder(task)
    bare = folder / "bare"
    shutil.copytree(task, bare, ignore=shutil.ignore_patterns("__pycache__"))
    read = json.dumps(event("GET", "/v1/items/{item_code}", places={"item_code": "150105902002"}, who={}))
    kinds = {"api": (task, "app.app", read), "floor": (task, "floor.handler", "{}"), "bare": (bare, "app.app", read)}
    init: dict[str, list[float]] = {name: [] for name in kinds}
    first: dict[str, list[float]] = {name: [] for name in kinds}
    told = {**stand.environment, "AWS_ENDPOINT_URL": stand.engine.url, "PYTHONDONTWRITEBYTECODE": "1"}
    for _ in range(rounds):
        for name, (place, handler, given) in kinds.items():
            with RuntimeProcess(Place.on_this_machine(place), handler, told) as function:
                answer = function.invoke(given)
                if b'"statusCode": 200' not in answer and name != "floor":
                    raise AssertionError(f"{answer!r}\n{function.log}")
                init[name].append(function.init_milliseconds or 0)
                first[name].append(function.first_milliseconds)
    report.say("cold_start_init", median(init["api"]), "ms")
    report.say("cold_start_floor_init", median(init["floor"]), "ms")
    report.say("cold_start_over_floor", median(init["api"]) / median(init["floor"]), "ratio", "<= 1.6")
    report.say("cold_start_to_first_answer", median(first["api"]), "ms")
    report.say("cold_start_floor_to_first_answer", median(first["floor"]), "ms")
    report.say("first_answer_over_floor", median(first["api"]) / median(first["floor"]), "ratio")
    report.say("cold_start_init_without_bytecode", median(init["bare"]), "ms")
