"""Verifying logs, and erasing people, from the command line.

    python -m infra.audit verify --case 01J…            one log, against itself and every night since it began
    python -m infra.audit verify --all-of-day 2026-03-02   the anchor of a day and every log that it names
    python -m infra.audit erase --case 01J… --ground retention

Read from the environment, as by the functions: STAGE, AWS_REGION, CASES_TABLE, ANCHOR_BUCKET, SEAL_KEY_ID and, unless
``--without-keys``, VAULT_KEY_ID. Without keys nothing is decrypted: whoever verifies needs no right to read.

Exit code 0: whole. 1: something was tampered with; the first bad event of each case is named. 2: could not be told.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import date

from chalicelib import wiring
from chalicelib.domain.erasure import Ground
from chalicelib.domain.errors import DomainError
from chalicelib.services import audit, erasure
from chalicelib.services.ports import Ports
from chalicelib.settings import SettingsError

WHOLE, TAMPERED, UNKNOWN = 0, 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; answers the exit code."""
    told = _parser().parse_args(arguments)
    try:
        ports = wiring.current()
        if told.command == "erase":
            return _erase(ports, told.case, Ground(told.ground))
        if told.case:
            return _verify_case(ports, told.case, with_keys=not told.without_keys)
        return _verify_day(ports, told.day, with_keys=not told.without_keys)
    except (DomainError, SettingsError) as error:
        print(f"could not be told: {error}", file=sys.stderr)
        return UNKNOWN


def _verify_case(ports: Ports, case_id: str, *, with_keys: bool) -> int:
    verdict = audit.verify_case(ports, case_id, with_keys=with_keys)
    for flaw in verdict.flaws:
        print(f"anchor of {flaw} does not fit")
    print(_line(verdict))
    return WHOLE if verdict.is_whole else TAMPERED


def _verify_day(ports: Ports, day: date, *, with_keys: bool) -> int:
    verdict = audit.verify_day(ports, day, with_keys=with_keys)
    if verdict.flaws is None:
        print(f"{day}: not anchored")
        return UNKNOWN
    for flaw in verdict.flaws:
        print(f"{day}: the anchor's {flaw} does not fit")
    for case in verdict.cases:
        print(_line(case))
    print(f"{day}: {len(verdict.cases)} cases, {'whole' if verdict.is_whole else 'tampered with'}")
    return WHOLE if verdict.is_whole else TAMPERED


def _line(verdict: audit.Verdict) -> str:
    if verdict.finding:
        return str(verdict.finding)
    return f"{verdict.case_id}: {verdict.events} events, {verdict.anchors} anchors, whole"


def _erase(ports: Ports, case_id: str, ground: Ground) -> int:
    erasure.erase_person(ports, case_id, ground)
    print(f"{case_id}: erased")
    return WHOLE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m infra.audit", description=(__doc__ or "").splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    verify = commands.add_parser("verify", help="name the first bad event")
    which = verify.add_mutually_exclusive_group(required=True)
    which.add_argument("--case", metavar="ID")
    which.add_argument("--all-of-day", dest="day", metavar="DAY", type=date.fromisoformat)
    verify.add_argument("--without-keys", action="store_true", help="do not try to open what is sealed")
    erase = commands.add_parser("erase", help="destroy the data key of a case that has ended")
    erase.add_argument("--case", metavar="ID", required=True)
    erase.add_argument("--ground", choices=[str(ground) for ground in Ground], required=True)
    return parser


if __name__ == "__main__":
    sys.exit(main())
