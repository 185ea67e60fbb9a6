import pytest

from syndicator import plugins
from syndicator.errors import ConfigError


def test_a_near_miss_is_named() -> None:
    with pytest.raises(ConfigError, match="did you mean 'telegram'"):
        plugins.load("channels", "telegran")
