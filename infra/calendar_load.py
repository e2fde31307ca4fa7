"""For operators: publish a year of the official calendar when the State Council has announced it.

    python -m infra.calendar_load FILE --table onewindow-hohhot-catalog --region cn-north-1 [--endpoint URL] [--check]

FILE is JSON: {"year": 2027, "source": "国办发明电〔2026〕…号", "days": {"2027-01-01": ["holiday", "元旦"], …}}, naming
the holidays and the make-up days (make_up). A file with mistakes is refused whole, with every one of them and its
place; the exit status is then 1. The same file again changes nothing; other content becomes the year's next revision.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from chalicelib import data
from chalicelib.domain.calendar import Year, violations, year_of
from chalicelib.domain.errors import DomainError, Invalid, raise_all
from chalicelib.gateways.clock import SystemClock
from chalicelib.services.calendar import publish_year
from chalicelib.storage.calendar import packaged
from chalicelib.storage.calendar_years import DynamoYears
from chalicelib.storage.catalog import bind


def read(path: Path) -> Year:
    """The year that a file describes. Raises Invalid for what cannot be read, and for a day that stands twice."""
    try:
        return year_of(json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=_once))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise Invalid.because("calendar.unreadable", "", place=str(error)) from error


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """JSON itself would let the last of two equal names win, silently."""
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        raise Invalid.because("calendar.unreadable", "", place=next(n for n in names if names.count(n) > 1))
    return found


def load(year: Year, table: str, region: str, endpoint: str | None = None) -> Year:
    """Publish a year into the table of a stack."""
    bind(table, region, endpoint)
    return publish_year(DynamoYears(), packaged(), SystemClock(), year)


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line entry."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--table", default="")
    parser.add_argument("--region", default="")
    parser.add_argument("--endpoint", default=None, help="another engine than AWS's own")
    parser.add_argument("--check", action="store_true", help="only judge the file")
    given = parser.parse_args(arguments)
    if not given.check and not (given.table and given.region):
        parser.error("--table and --region are needed, or --check")
    try:
        year = read(given.file)
        if given.check:
            raise_all(Invalid, violations(year))
            print(f"{year.year}: {len(year.days)} days, nothing wrong with them")
            return 0
        made = load(year, given.table, given.region, given.endpoint)
    except DomainError as refusal:
        for violation in refusal.violations:
            text = data.problems().get(violation.code, {"en": violation.code})["en"]
            print(f"{violation.pointer}: {violation.code}: {text.format(**violation.params)}", file=sys.stderr)
        return 1
    print(f"{made.year}, revision {made.revision}, is in force")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
