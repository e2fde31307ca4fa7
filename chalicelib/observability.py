"""The one logger of the product: JSON lines, built once."""

from __future__ import annotations

from aws_lambda_powertools import Logger

logger = Logger(service="onewindow")
