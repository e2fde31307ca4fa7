"""For operators: load the demo places into a table of places, for a stage that shows the product.

    python -m infra.places --table onewindow-hohhot-places --region cn-north-1 [--endpoint URL]

What is there already stays as it is, so running it again changes nothing. Real places come by review
(docs/schedules.md).
"""

from __future__ import annotations

import argparse

from chalicelib.services.schedule_ports import PlaceStore
from chalicelib.storage import places
from chalicelib.storage.divisions import packaged_divisions
from chalicelib.storage.place_files import demo_places


def load(store: PlaceStore) -> int:
    """Add the demo places that are not there yet; answers how many. The emulated cloud starts with this."""
    return store.load(demo_places(packaged_divisions()))


def main() -> int:
    """Command line entry."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--table", required=True)
    parser.add_argument("--region", required=True)
    parser.add_argument("--endpoint", default=None, help="another engine than AWS's own")
    arguments = parser.parse_args()
    connection = places.bind(arguments.table, arguments.region, arguments.endpoint)
    print(f"{load(places.DynamoPlaces(connection))} demo places added")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
