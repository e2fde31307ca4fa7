"""The composition root: everything that Lambda runs, registered once (Chalice strips a route registered twice)."""

# The logger comes first: Chalice would put a second handler on it.
from chalicelib import observability  # isort: skip  # noqa: F401

from chalice.app import Chalice

from chalicelib.api import (
    authorities,
    calendar,
    cases,
    catalog,
    certificates,
    deadlines,
    divisions,
    docs,
    enquiries,
    fees,
    hearings,
    mandates,
    materials,
    messages,
    meta,
    notices,
    procedures,
    tasks,
)
from chalicelib.edge import authorizer
from chalicelib.edge.api import last_resort
from chalicelib.events import certificates as certificate_events
from chalicelib.events import reconciliation, relay, task_callbacks, timers, workflow_starter
from chalicelib.events import messages as message_events
from chalicelib.tasks import case_routing

app = Chalice(app_name="onewindow", configure_logs=False)
app.register_middleware(last_resort, "http")

for blueprint in (
    authorizer.authorizers,
    cases.bp,
    deadlines.bp,
    calendar.bp,
    tasks.bp,
    notices.bp,
    authorities.bp,
    mandates.bp,
    materials.bp,
    fees.bp,
    enquiries.bp,
    procedures.bp,
    messages.bp,
    hearings.bp,
    certificates.bp,
    catalog.bp,
    divisions.bp,
    meta.bp,
    docs.bp,
    case_routing.bp,
    relay.bp,
    workflow_starter.bp,
    task_callbacks.bp,
    certificate_events.bp,
    timers.bp,
    reconciliation.bp,
    message_events.bp,
):
    app.register_blueprint(blueprint)
