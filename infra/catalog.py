"""For operators: publish the packaged start catalogue into a catalogue table.

    python -m infra.catalog --table onewindow-hohhot-catalog --region cn-north-1 [--endpoint URL] [--check]

Prints the release that is in force afterwards. A file that breaks a publication rule is refused whole,
with every violation and its place; the exit status is then 1. Running it again changes nothing.
"""

from __future__ import annotations

import argparse
import sys

from chalicelib import data
from chalicelib.domain.catalog_publication import ReleaseHead, publication_of
from chalicelib.domain.errors import DomainError
from chalicelib.gateways.clock import SystemClock
from chalicelib.services import catalog_publish
from chalicelib.storage.catalog import DynamoCatalogStore, bind
from chalicelib.storage.catalog_files import packaged_bodies, packaged_files
from chalicelib.wiring import Wiring


def publish(wiring: Wiring) -> ReleaseHead:
    """Publish the packaged catalogue into the table of a wiring. The emulated cloud starts with this."""
    return catalog_publish.publish(wiring.catalog_store, wiring.clock, packaged_files(), packaged_bodies())


def load(table: str, region: str, endpoint: str | None = None) -> ReleaseHead:
    """Publish the packaged catalogue into a table."""
    store = DynamoCatalogStore(bind(table, region, endpoint))
    return catalog_publish.publish(store, SystemClock(), packaged_files(), packaged_bodies())


def main() -> int:
    """Command line entry."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--table", default="")
    parser.add_argument("--region", default="")
    parser.add_argument("--endpoint", default=None, help="another engine than AWS's own")
    parser.add_argument("--check", action="store_true", help="only judge the files")
    arguments = parser.parse_args()
    if not arguments.check and not (arguments.table and arguments.region):
        parser.error("--table and --region are needed, or --check")
    try:
        if arguments.check:
            publication = publication_of(packaged_files(), packaged_bodies(), published_at="")
            print(f"{len(publication.documents)} items keep every publication rule")
            return 0
        head = load(arguments.table, arguments.region, arguments.endpoint)
    except DomainError as refusal:
        for violation in refusal.violations:
            text = data.problems().get(violation.code, {"en": violation.code})["en"]
            print(f"{violation.pointer}: {violation.code}: {text} {dict(violation.params)}", file=sys.stderr)
        return 1
    print(f"release {head.number} of {head.published_at} is in force")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
