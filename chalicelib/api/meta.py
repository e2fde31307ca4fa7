"""What the platform says about itself: health, labels, problem codes."""

from __future__ import annotations

from typing import Any

from chalicelib import data, wiring
from chalicelib.edge.api import ApiBlueprint, Auth, Reply, Request

bp = ApiBlueprint(__name__, tag="meta")

_TEXTS_ARE_CACHED = {"Cache-Control": "public, max-age=3600"}


@bp.route_v1("GET", "/health", summary=("运行状况", "Health"), auth=Auth.PUBLIC, response="meta/health")
def read_health(request: Request) -> Reply:
    """Answers as long as requests reach the code. It asks no other service, so that it costs nothing to ask often."""
    current = wiring.current()
    body = {
        "status": "ok",
        "stage": current.settings.stage,
        "region": current.settings.region_code,
        "time": current.clock.now().isoformat(timespec="seconds").replace("+00:00", "Z"),
    }
    return Reply(body, headers={"Cache-Control": "no-store"})


@bp.route_v1("GET", "/labels", summary=("代码名称", "Labels of every code"), auth=Auth.PUBLIC, response="meta/labels")
def list_labels(request: Request) -> Reply:
    """Every code of the platform (states, events, …) with its Chinese and English label."""
    return Reply({group: _plain(texts) for group, texts in data.labels().items()}, headers=_TEXTS_ARE_CACHED)


@bp.route_v1("GET", "/problems", summary=("问题代码", "Every problem code"), auth=Auth.PUBLIC, response="meta/problems")
def list_problems(request: Request) -> Reply:
    """Every code that a refusal may carry, with its sentences. The ``type`` of a problem points here."""
    return Reply(_plain(data.problems()), headers=_TEXTS_ARE_CACHED)


def _plain(texts: Any) -> dict[str, Any]:
    return {key: dict(text) for key, text in texts.items()}
