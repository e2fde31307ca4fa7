"""What a revocation makes of certificates: the case's own, and what came of it (行政许可法 69).

A renewal, change or reissue rests on the certificate that it is about; nobody else could end it once that is void.
"""

from __future__ import annotations

from collections.abc import Iterator

from chalicelib.domain.cases import Case
from chalicelib.domain.certificates import Certificate
from chalicelib.services import renewals
from chalicelib.services.ports import Ports


def annulled(ports: Ports, case: Case) -> Iterator[Certificate]:
    """Each certificate that no longer counts once the decision of its case is revoked, as it stands from then on.

    Of a chain only the end counts; what lies between was replaced and stays so.
    """
    if not case.certificate:
        return
    end = renewals.end(ports, case.certificate)
    if end.standing is not None:
        yield end.standing.annulled()
    if end.identifier != case.certificate:
        own = ports.certificates.get(case.certificate)
        if own is not None:
            yield own.annulled()
