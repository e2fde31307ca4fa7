"""The thirteen deployments."""

import pytest

from chalicelib.domain.divisions import Level, level_of
from infra.stages import STAGES, stage_named


def test_there_is_a_stage_for_the_region_and_one_for_each_of_its_twelve_leagues_and_cities() -> None:
    levels = [level_of(stage.region_code) for stage in STAGES.values()]
    assert levels.count(Level.REGION) == 1
    assert levels.count(Level.LEAGUE) == 12
    assert len({stage.region_code for stage in STAGES.values()}) == 13


def test_an_unknown_stage_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(ValueError, match="hohhot, baotou"):
        stage_named("huhehaote")
