"""A client of the read side: the app on a wiring with the packaged catalogue, answers checked by their schemas."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote, urlencode

from chalice.test import Client

from app import app
from chalicelib import wiring
from chalicelib.edge.api import specs
from chalicelib.schemas import validation
from chalicelib.storage.catalog_memory import MemoryCatalog
from tests import edge_world


class Reader:
    """GETs, and holds every answer against the schema that its route declares."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._specs = {spec.path: spec for spec in specs(app) if spec.method == "GET"}

    def get(self, route: str, *, status: int = 200, places: dict[str, str] | None = None, **query: object) -> Any:
        """The parsed answer of ``route`` (the declared path) with its places filled in."""
        path = route
        for name, value in (places or {}).items():
            path = path.replace("{" + name + "}", quote(value))
        response = self._client.http.get(f"{path}?{urlencode(query)}" if query else path)
        self.headers = response.headers
        assert response.status_code == status, response.body
        if status == 200 and self._specs[route].response is None:
            return response.body.decode()
        body = json.loads(response.body)
        schema = self._specs[route].response if status == 200 else "elements/problem"
        assert schema is not None
        assert validation.named_violations(schema, body) == ()
        return body


@contextmanager
def reader() -> Iterator[Reader]:
    """A reader of the packaged start catalogue."""
    with edge_world.installed():
        wiring.install(
            wiring.Wiring(
                edge_world.settings(REGION_CODE="152500000000"),
                catalog=MemoryCatalog(),
                cursor_secret=b"a secret of thirty-two characters",
            )
        )
        with Client(app) as client:
            yield Reader(client)
