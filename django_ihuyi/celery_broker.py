"""Celery's broker settings: whether they are complete, and what is missing."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any, NamedTuple

from celery import Celery, _state, current_app
from celery.app.defaults import DEFAULTS
from django.conf import settings

from .hooks import Problem

_NAMESPACE = "CELERY_"
# Nothing is told of an address that is written in another way: what stands in front of its @ is a secret.
_PLAIN = re.compile(r"(?i)([a-z][a-z0-9+.-]*://)(?:[^/?#@;]*@)?([a-z0-9_.-]+|\[[0-9a-f:.]+])(:\d+)?(?:[/?][^@;]*)?")


class Driver(NamedTuple):
    """What Celery needs to speak to a kind of broker."""

    package: str
    """The Python package by which it is imported."""
    requirement: str
    """What pip installs it by."""

    @property
    def command(self) -> str:
        """The command that installs it."""
        return f'python -m pip install "{self.requirement}"'


_REDIS = Driver("redis", "celery[redis]")
_DRIVERS = {
    "redis": _REDIS,
    "rediss": _REDIS,
    "sentinel": _REDIS,
    "sqs": Driver("boto3", "celery[sqs]"),
    "sqla": Driver("sqlalchemy", "celery[sqlalchemy]"),
    "sqlalchemy": Driver("sqlalchemy", "celery[sqlalchemy]"),
    "mongodb": Driver("pymongo", "celery[mongodb]"),
    "zookeeper": Driver("kazoo", "celery[zookeeper]"),
}
"""The drivers that do not come with Celery, by the transport that stands in front of the broker's address."""


def problems() -> Iterator[Problem]:
    """Find what keeps tasks from the broker that the settings name. Imports neither the site's code nor a driver."""
    unread = find_unread_setting()
    if unread:
        yield unread
    elif application() is not None:
        driver = missing_driver()
        if driver:
            yield Problem(
                "W005",
                f"Celery's broker needs the Python package {driver.package!r}, which is not installed: "
                "no task can be published.",
                f"Run {driver.command}",
            )


def production_problems() -> Iterator[Problem]:
    """Find what is right without a broker on a developer's machine, and tells strangers something in production."""
    try:
        eager = application() is not None and not is_needed()
    except Exception:  # noqa: BLE001  a configuration that cannot be read is for Celery to tell
        return
    if eager:
        name = setting("task_always_eager")
        yield Problem(
            "W024",
            f"{name} is True: a verification code waits for the gateway in the request that asks for it, and one that "
            "offer_code only pretends to send does not. The time tells who is a customer.",
            f"Take {name} out of the settings in production, and run a broker and a worker.",
        )


def find_unread_setting() -> Problem | None:
    """Tell that the settings configure Celery while no Celery application of the site's has been loaded to read them.

    A site whose application takes its configuration from anywhere else has one, and one without any names Celery's
    configuration in the environment: neither is told anything.
    """
    app = application()
    module = os.environ.get("DJANGO_SETTINGS_MODULE")
    if not module or (app is not None and not _is_fallback(app)) or _has_module_of_its_own():
        return None
    names = [name for name in dir(settings) if name.startswith(_NAMESPACE) and _is_unread(name)]
    if not names:
        return None
    project = module.partition(".")[0] if "." in module else "mysite"
    return Problem(
        "W004",
        f"Celery does not read {', '.join(names[:3])}{' ...' if names[3:] else ''}: "
        "the site's Celery application is not imported.",
        f"Write in {project}/__init__.py: from .celery import app as celery_app. Where there is no {project}/celery.py "
        f"yet, it makes the application: app = Celery({project!r}), and then "
        "app.config_from_object('django.conf:settings', namespace='CELERY').",
    )


def missing_driver() -> Driver | None:
    """Return what Celery's broker needs and nobody has installed; None where nothing is missing or none is needed."""
    try:
        if not is_needed():
            return None
        transports = [re.split(r"\+|://", url)[0].lower() for url in _urls()]
    except Exception:  # noqa: BLE001  a configuration that cannot be read is for Celery to tell, where it is used
        return None
    drivers = (_DRIVERS.get(transport) for transport in transports)
    return next((driver for driver in drivers if driver and find_spec(driver.package) is None), None)


def is_needed() -> bool:
    """Whether tasks go through a broker at all, and are not run where they are published."""
    return not current_app.conf.task_always_eager


def setting(name: str) -> str:
    """Return how the site writes a setting of Celery's, such as ``CELERY_BROKER_URL`` for ``broker_url``."""
    namespace = getattr(current_app, "namespace", None)
    return f"{namespace}_{name}".upper() if namespace else name


def display_url() -> str:
    """Return the broker's transport and host, without user, password and path."""
    urls = _urls()
    whole = all("://" in url for url in urls)  # else a password was cut in two
    return ", ".join(_without_secrets(url, whole=whole) for url in urls if "://" in url)


def _without_secrets(url: str, *, whole: bool) -> str:
    plain = _PLAIN.fullmatch(url) if whole else None
    return "".join(part or "" for part in plain.groups()) if plain else f"{url.partition('://')[0]}://"


def _urls() -> list[str]:
    """Return the addresses that tasks are published to; more than one where the broker has several hosts."""
    written: Any = current_app.conf.broker_write_url or ""
    return [str(url) for url in (written.split(";") if isinstance(written, str) else written)]


def application() -> Celery | None:
    # Asked for where there is none, Celery would make one of its own and keep it for every thread.
    return None if getattr(_state, "default_app", current_app) is None else current_app


def _is_fallback(app: Celery) -> bool:
    """Whether an application is the one that Celery makes where it has none."""
    return app.main == "default" and not getattr(app, "set_as_current", True)


def _has_module_of_its_own() -> bool:
    """Whether the application that Celery makes finds a configuration elsewhere."""
    elsewhere = any(map(os.environ.get, ("CELERY_CONFIG_MODULE", "CELERY_LOADER")))
    return elsewhere or find_spec("celeryconfig") is not None


def _is_unread(name: str) -> bool:
    """Whether a setting is one of Celery's, and would change anything if it were read."""
    key, value = name.removeprefix(_NAMESPACE).lower(), getattr(settings, name)
    # Some, such as CELERY_BROKER_URL, have the same name in the environment, where Celery sees them by itself.
    return key in DEFAULTS and value is not None and value != DEFAULTS[key] and value != os.environ.get(name)
