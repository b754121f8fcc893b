"""The core and its features: their models, and scripts on a site that has not installed some of them."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.apps import AppConfig, apps
from django.contrib import admin
from django.db.models import Model
from django.test import modify_settings

_BEGIN = """
import django
from django.conf import settings
from tests import settings as of_tests

left_out = {left_out!r}
values = {{name: value for name, value in vars(of_tests).items() if name.isupper()}}
settings.configure(**values | {{"INSTALLED_APPS": [app for app in of_tests.INSTALLED_APPS if app not in left_out]}})
django.setup()
"""


def our_apps() -> list[AppConfig]:
    """Return the configs of the core and of the installed features, without adapters to other packages."""
    ours = (config for config in apps.get_app_configs() if config.name.partition(".")[0] == "django_ihuyi")
    return [config for config in ours if not config.name.startswith("django_ihuyi.contrib.")]


def our_labels(*, adapters: bool = True) -> list[str]:
    """Return the labels of the core and of the installed features, and of adapters to other packages."""
    ours = (config for config in apps.get_app_configs() if config.name.partition(".")[0] == "django_ihuyi")
    return [config.label for config in ours if adapters or not config.name.startswith("django_ihuyi.contrib.")]


def our_models() -> list[type[Model]]:
    """Return the models of the core and of the installed features, without those of adapters to other packages."""
    return [model for config in our_apps() for model in config.get_models()]


@contextmanager
def left_out(name: str) -> Iterator[None]:
    """Take a feature out of ``INSTALLED_APPS``, and its pages out of the admin.

    Args:
        name: The app's name, such as ``django_ihuyi.webhooks``.
    """
    of_app = next(set(config.get_models()) for config in our_apps() if config.name == name)
    # Django puts copies in its place while it looks for the admin modules of the apps that are left.
    before = admin.site._registry
    admin.site._registry = {model: page for model, page in before.items() if model not in of_app}
    try:
        with modify_settings(INSTALLED_APPS={"remove": [name]}):
            yield
    finally:
        admin.site._registry = before


def run_without(*features: str, script: str) -> str:
    """Run a script in a process of its own, where Django is set up without some apps.

    Args:
        *features: Names of apps that are left out of ``INSTALLED_APPS`` of the test suite.
        script: Python; may be indented.

    Returns:
        What it printed.
    """
    # Its devices are verified by codes.
    left_out = (*features, "django_ihuyi.contrib.otp") if "django_ihuyi.verification" in features else features
    code = _BEGIN.format(left_out=left_out) + textwrap.dedent(script)
    done = subprocess.run(
        [sys.executable, "-c", code],
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
        cwd=Path(__file__).parents[1],
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
