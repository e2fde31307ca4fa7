"""Text messages through the provider that the settings name."""

from __future__ import annotations

from chalicelib.gateways.provider import Credentials, hand_over
from chalicelib.services.message_ports import Sent


class HttpSms:
    """Implements ``message_ports.SmsPort``: POST ``{"to", "text"}`` to the provider's address."""

    def __init__(self, url: str, credentials: Credentials) -> None:
        self._url = url
        self._credentials = credentials

    def send(self, number: str, text: str, key: str) -> Sent:
        return hand_over(self._url, {"to": number, "text": text}, key, self._credentials)
