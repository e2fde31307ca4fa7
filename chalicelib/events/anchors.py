"""What is done once a night: anchoring the logs of the day before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalicelib import wiring
from chalicelib.edge.functions import EventBlueprint
from chalicelib.services import anchors

bp = EventBlueprint(__name__)


@bp.schedule(rate="cron(10 16 * * ? *)", timeout=900)
def anchor_logs(event: Mapping[str, Any]) -> Mapping[str, int]:
    """Anchor every day that is over and has no anchor yet. At 00:10 Asia/Shanghai, when late writes are done."""
    return anchors.anchor_what_is_due(wiring.current())
