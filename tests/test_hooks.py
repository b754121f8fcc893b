"""How the core finds the feature apps."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.test import modify_settings

from django_ihuyi import hooks

FEATURES = {
    "django_ihuyi.verification": "ihuyi_verification",
    "django_ihuyi.webhooks": "ihuyi_webhooks",
    "django_ihuyi.dashboard": "ihuyi_dashboard",
    "django_ihuyi.api": "ihuyi_api",
    "django_ihuyi.contrib.otp": "ihuyi_otp",
}


def test_features__all_installed__are_in_the_order_of_the_setting() -> None:
    assert {config.name: config.label for config in hooks.features()} == FEATURES
    assert list(map(type, hooks.features())) == [type(apps.get_app_config(label)) for label in FEATURES.values()]


@pytest.mark.parametrize("name", FEATURES)
def test_features__one_taken_out_of_the_setting__are_the_others_and_come_back(name: str) -> None:
    with modify_settings(INSTALLED_APPS={"remove": [name]}):
        assert {config.name for config in hooks.features()} == FEATURES.keys() - {name}
    assert {config.name for config in hooks.features()} == FEATURES.keys()


@pytest.mark.parametrize("name", FEATURES)
def test_config__of_a_feature__is_the_default_of_its_module(name: str) -> None:
    config = next(config for config in hooks.features() if config.name == name)
    assert type(config).default
    assert not hooks.FeatureConfig.default


def test_our_features__by_their_labels__are_those_that_the_package_has() -> None:
    assert {config.label: config.name for config in hooks.features()}.items() <= hooks.OUR_FEATURES.items()
    assert set(hooks.OUR_FEATURES.values()) == {config.name for config in hooks.features()}
