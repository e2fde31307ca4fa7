"""The composition root: everything that Lambda runs, registered once (Chalice strips a route registered twice)."""

# The logger comes first: Chalice would put a second handler on it.
from chalicelib import observability  # isort: skip  # noqa: F401

from chalice.app import Chalice

from chalicelib.api import blueprints as resources
from chalicelib.edge import authorizer
from chalicelib.edge.api import last_resort
from chalicelib.edge.request import BINARY
from chalicelib.events import blueprints as consumers
from chalicelib.tasks import case_routing, commitment_check

app = Chalice(app_name="onewindow", configure_logs=False)
app.api.binary_types.extend(sorted(BINARY))
app.register_middleware(last_resort, "http")

for blueprint in (
    authorizer.authorizers,
    *resources.BLUEPRINTS,
    case_routing.bp,
    commitment_check.bp,
    *consumers.BLUEPRINTS,
):
    app.register_blueprint(blueprint)
