"""What every test may ask for. The environment is made safe before anything imports an AWS client."""

from __future__ import annotations

import os

from hypothesis import settings

from tests.cloud import _emulator, _started_cloud, aws, cloud, engine, engine_tables

__all__ = ["_emulator", "_started_cloud", "aws", "cloud", "engine", "engine_tables"]

# The gate finds the same tomorrow as today; the proof looks further, and elsewhere every time.
settings.register_profile("gate", deadline=None, derandomize=True, stateful_step_count=40)
settings.register_profile("proof", deadline=None, max_examples=500, stateful_step_count=50, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "gate"))
