"""Letters through the provider that the settings name."""

from __future__ import annotations

from chalicelib.domain.contacts import PostalAddress
from chalicelib.gateways.provider import Credentials, hand_over
from chalicelib.services.message_ports import Sent


class HttpPost:
    """Implements ``message_ports.PostPort``: POST ``{"recipient", "address", "postcode", "text"}``."""

    def __init__(self, url: str, credentials: Credentials) -> None:
        self._url = url
        self._credentials = credentials

    def send(self, address: PostalAddress, text: str, key: str) -> Sent:
        place = {"recipient": address.recipient, "address": address.address, "postcode": address.postcode}
        return hand_over(self._url, {**place, "text": text}, key, self._credentials)
