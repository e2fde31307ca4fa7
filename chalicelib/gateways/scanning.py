"""Scanners for uploads. The product brings none of its own: a region plugs in the one that it is bound to use.

``SCANNER_URL`` names a service on the region's own network. It is sent the file (POST, application/octet-stream) and
answers 200 with ``{"infected": true}`` or ``{"infected": false}``. Anything else, or silence, means no verdict, and
without a verdict nothing is kept.
"""

from __future__ import annotations

import json

from chalicelib.domain.errors import Unavailable

TIMEOUT = 8.0
MOST_BYTES = 10_000


class NoScanner:
    """Implements ``upload_ports.Scanner`` where there is none: structure alone decides (docs/uploads.md)."""

    active = False

    def infected(self, content: bytes) -> bool:
        return False


class HttpScanner:
    """Implements ``upload_ports.Scanner`` for the service that the configuration names. Follows no redirect."""

    active = True

    def __init__(self, url: str) -> None:
        self._url = url

    def infected(self, content: bytes) -> bool:
        import urllib3

        pool = urllib3.PoolManager(num_pools=1, retries=False)
        try:
            answer = pool.request(
                "POST",
                self._url,
                body=content,
                headers={"Content-Type": "application/octet-stream", "Accept": "application/json"},
                timeout=urllib3.Timeout(total=TIMEOUT),
                redirect=False,
                preload_content=False,
            )
            verdict = json.loads(answer.read(MOST_BYTES)) if answer.status == 200 else None
        except (urllib3.exceptions.HTTPError, ValueError) as error:
            raise Unavailable.because("scanner.unavailable") from error
        finally:
            pool.clear()
        if not isinstance(verdict, dict) or not isinstance(verdict.get("infected"), bool):
            raise Unavailable.because("scanner.unavailable")
        return bool(verdict["infected"])
