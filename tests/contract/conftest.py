"""Three stores that must behave alike: the in-memory twins, DynamoDB as moto emulates it, and the real engine."""

from __future__ import annotations

import pytest

from chalicelib.storage import tables
from chalicelib.storage.authorities import DynamoAuthorities
from chalicelib.storage.case_logs import DynamoCaseLogs
from chalicelib.storage.cases import DynamoCases
from chalicelib.storage.certificates import DynamoCertificates
from chalicelib.storage.enquiries import DynamoEnquiries
from chalicelib.storage.mandates import DynamoMandates
from chalicelib.storage.messages import DynamoContacts, DynamoMessages
from chalicelib.storage.places import DynamoPlaces
from chalicelib.storage.places import bind as bind_places
from chalicelib.storage.sealing import Safe
from chalicelib.storage.uploads import DynamoUploads
from tests import factories as f


@pytest.fixture(params=["memory", "moto", pytest.param("engine", marks=pytest.mark.engine)])
def world(request: pytest.FixtureRequest) -> f.World:
    """All ports, on one of the three stores."""
    made = f.World()
    if request.param != "memory":
        fixture = "aws" if request.param == "moto" else "engine_tables"
        stack = request.getfixturevalue(fixture)
        connection = tables.bind(stack.cases, stack.region, stack.endpoint)
        vault = f.FakeVault()
        safe = Safe(lambda: vault)
        made.cases = DynamoCases(connection, safe)  # type: ignore[assignment]
        made.logs = DynamoCaseLogs(connection, safe)  # type: ignore[assignment]
        made.authorities = DynamoAuthorities(connection, safe)  # type: ignore[assignment]
        made.enquiries = DynamoEnquiries(connection, safe)  # type: ignore[assignment]
        made.mandates = DynamoMandates(connection)  # type: ignore[assignment]
        made.uploads = DynamoUploads(connection, safe)  # type: ignore[assignment]
        made.contacts = DynamoContacts(connection, safe)  # type: ignore[assignment]
        made.messages = DynamoMessages(connection, safe)  # type: ignore[assignment]
        bind_places(stack.places, stack.region, stack.endpoint)
        made.place_store = DynamoPlaces(connection)  # type: ignore[assignment]
        made.certificates = DynamoCertificates(safe)  # type: ignore[assignment]
    return made
