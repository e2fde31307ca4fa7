"""What every test may ask for. The environment is made safe before anything imports an AWS client."""

from __future__ import annotations

from tests.cloud import _emulator, _started_cloud, aws, cloud, engine, engine_tables

__all__ = ["_emulator", "_started_cloud", "aws", "cloud", "engine", "engine_tables"]
