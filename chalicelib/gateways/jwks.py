"""The issuer's public keys, fetched by HTTP. Limits are those of API Gateway's own JWT authorizers: 1.5 s, 150 kB."""

from __future__ import annotations

from datetime import timedelta
from typing import Protocol

from chalicelib.domain.errors import Unavailable
from chalicelib.services.ports import Clock

TIMEOUT = 1.5
MOST_BYTES = 150_000
_CHUNK = 16_384


class KeySource(Protocol):
    """Where the key set of the issuer comes from."""

    def fetch(self) -> bytes:
        """The text of the JWK set (RFC 7517, 5). Raises Unavailable ``access.issuer-unavailable``."""
        ...


class HttpKeySource:
    """Implements KeySource for the address that the configuration names. Follows no redirect."""

    def __init__(self, url: str, clock: Clock) -> None:
        self._url = url
        self._clock = clock

    def fetch(self) -> bytes:
        import urllib3

        until = self._clock.now() + timedelta(seconds=TIMEOUT)
        pool = urllib3.PoolManager(num_pools=1, retries=False)
        try:
            answer = pool.request(
                "GET",
                self._url,
                headers={"Accept": "application/json"},
                timeout=urllib3.Timeout(total=TIMEOUT),
                redirect=False,
                preload_content=False,
            )
            if answer.status != 200:
                raise _unavailable()
            found = b""
            # The timeout holds for each read; who drips byte by byte is stopped by the clock.
            while chunk := answer.read1(_CHUNK):
                found += chunk
                if len(found) > MOST_BYTES or self._clock.now() > until:
                    raise _unavailable()
            return found
        except (urllib3.exceptions.HTTPError, ValueError) as error:
            raise _unavailable() from error
        finally:
            pool.clear()


def _unavailable() -> Unavailable:
    return Unavailable.because("access.issuer-unavailable")  # type: ignore[return-value]
