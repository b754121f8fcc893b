"""What is told of Celery's broker before it is asked: settings that nobody reads, a driver that is not there."""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from celery import Celery, _state
from django.core.checks import CheckMessage, run_checks
from pytest_django import Settings

from django_ihuyi import celery_broker
from tests.celery import app

REDIS = "redis://127.0.0.1:6379/0"


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the tests are started with says nothing of a broker."""
    for name in ("CELERY_BROKER_URL", "CELERY_BROKER_WRITE_URL", "CELERY_CONFIG_MODULE", "CELERY_LOADER"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def no_application(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing has imported the site's Celery application."""
    monkeypatch.setattr(_state, "default_app", None)


@pytest.fixture
def fallback(monkeypatch: pytest.MonkeyPatch) -> None:
    """As above, and something asked Celery for one, so that it made its own."""
    made = Celery("default", fixups=[], set_as_current=False, loader="default")
    monkeypatch.setattr(_state, "default_app", made)
    monkeypatch.setattr(_state._tls, "current_app", None)  # type: ignore[attr-defined]  # what Celery keeps to itself


def found() -> list[CheckMessage]:
    # The project of the tests has second factors, of which another check tells.
    told = [one for one in run_checks(databases=[]) if one.id != "django_ihuyi.W031"]
    return [one for one in told if str(one.id).startswith("django_ihuyi.")]


def found_in_production() -> list[CheckMessage]:
    return [one for one in run_checks(include_deployment_checks=True, databases=[]) if one.id == "django_ihuyi.W024"]


@pytest.mark.parametrize("application", ["no_application", "fallback"])
def test_settings_that_celery_does_not_read(
    application: str, settings: Settings, request: pytest.FixtureRequest
) -> None:
    settings.CELERY_BROKER_URL = "redis://:a-secret@127.0.0.1/0"
    request.getfixturevalue(application)
    [warning] = found()
    assert warning.id == "django_ihuyi.W004"
    assert "CELERY_BROKER_URL" in warning.msg
    assert "in tests/__init__.py: from .celery import app as celery_app." in str(warning.hint)
    assert "a-secret" not in str(warning)


@pytest.mark.usefixtures("no_application")
def test_of_many_settings_some_are_named(settings: Settings) -> None:
    settings.CELERY_TASK_ALWAYS_EAGER = settings.CELERY_TASK_EAGER_PROPAGATES = settings.CELERY_TASK_ACKS_LATE = True
    [warning] = found()
    assert "CELERY_BROKER_URL, CELERY_TASK_ACKS_LATE, CELERY_TASK_ALWAYS_EAGER ...: " in warning.msg


@pytest.mark.usefixtures("no_application")
def test_looking_makes_no_application() -> None:
    assert found()
    assert _state.default_app is None  # type: ignore[attr-defined]  # what Celery keeps to itself


@pytest.mark.usefixtures("no_application")
@pytest.mark.parametrize(
    ("written", "variables"),
    [
        ({}, {}),
        ({"CELERY_TASK_ALWAYS_EAGER": False, "CELERY_RESULT_BACKEND": None}, {}),
        ({"CELERY_BROKER_URL": REDIS}, {"CELERY_BROKER_URL": REDIS}),
        ({"CELERY_OF_THE_SHOP": True, "SHOP_CELERY_BROKER_URL": REDIS, "BROKER_URL": REDIS}, {}),
        ({"CELERY_BROKER_URL": REDIS}, {"CELERY_CONFIG_MODULE": "shop.celeryconfig"}),
        ({"CELERY_BROKER_URL": REDIS}, {"CELERY_LOADER": "shop.celery.Loader"}),
    ],
    ids=["none", "as they are by default", "read from the environment", "not Celery's", "a module", "a loader"],
)
def test_nothing_that_celery_should_read(
    written: dict[str, Any], variables: dict[str, str], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    del settings.CELERY_BROKER_URL
    for name, value in written.items():
        setattr(settings, name, value)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert found() == []


@pytest.mark.usefixtures("no_application")
def test_celerys_own_module_is_a_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "celeryconfig.py").touch()
    assert [one.id for one in found()] == ["django_ihuyi.W004"]
    monkeypatch.syspath_prepend(tmp_path)
    assert found() == []


@pytest.mark.usefixtures("no_application")
@pytest.mark.parametrize(
    ("module", "told"), [("settings", ["mysite"]), ("config.settings.local", ["config"]), ("", [])]
)
def test_the_projects_name(module: str, told: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", module)
    problem = celery_broker.find_unread_setting()
    assert [name for name in ("mysite", "config") if problem and f"{name}/__init__.py" in problem.hint] == told


@pytest.fixture
def redis_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    """The driver of Redis is installed, as far as somebody sees who does not use it."""
    driver = ModuleType("redis")
    driver.__spec__ = ModuleSpec("redis", None)
    monkeypatch.setitem(sys.modules, "redis", driver)


@pytest.mark.usefixtures("redis_driver")
def test_an_application_that_reads_them_is_left_alone(settings: Settings) -> None:
    # Another value than the application has: what it does with the settings is the site's affair.
    settings.CELERY_BROKER_URL = REDIS
    assert found() == []


@pytest.mark.parametrize(
    ("url", "package", "command"),
    [
        (REDIS, "redis", 'python -m pip install "celery[redis]"'),
        ("rediss://:secret@10.0.0.1", "redis", 'python -m pip install "celery[redis]"'),
        ("sentinel://a:26379;sentinel://b:26379", "redis", 'python -m pip install "celery[redis]"'),
        ("amqp://a//;redis://b", "redis", 'python -m pip install "celery[redis]"'),
        ("sqla+sqlite:///tasks.sqlite3", "sqlalchemy", 'python -m pip install "celery[sqlalchemy]"'),
        ("sqs://", "boto3", 'python -m pip install "celery[sqs]"'),
    ],
)
def test_a_driver_that_is_not_installed(url: str, package: str, command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    monkeypatch.setenv("CELERY_BROKER_WRITE_URL", url)
    [warning] = found()
    assert warning.id == "django_ihuyi.W005"
    assert repr(package) in warning.msg
    assert command in str(warning.hint)
    assert "secret" not in str(warning)


@pytest.mark.usefixtures("redis_driver")
@pytest.mark.parametrize(
    "url", ["amqp://127.0.0.1//", "memory://", "shop.transport:Transport://x", "localhost", "", REDIS]
)
def test_no_driver_is_missing(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CELERY_BROKER_WRITE_URL", url)
    assert found() == []


def test_where_tasks_are_eager_none_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "redis", None)
    monkeypatch.setenv("CELERY_BROKER_WRITE_URL", REDIS)
    monkeypatch.setitem(app.conf, "task_always_eager", True)
    assert found() == []


def test_a_configuration_that_cannot_be_read_is_for_celery_to_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = Celery("broken", set_as_current=False)
    broken.config_from_object("no.such.module")
    monkeypatch.setattr(_state._tls, "current_app", broken)  # type: ignore[attr-defined]  # what Celery keeps to itself
    assert found() == []
    assert found_in_production() == []


@pytest.mark.parametrize(("eager", "told"), [(True, ["CELERY_TASK_ALWAYS_EAGER"]), (False, [])], ids=["eager", "not"])
def test_production_is_told_that_without_a_broker_the_time_tells_who_is_a_customer(
    eager: bool, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.conf, "task_always_eager", eager)
    assert [warning.msg.split(" is True")[0] for warning in found_in_production()] == told
    assert found() == []


@pytest.mark.usefixtures("no_application")
def test_production_is_told_nothing_of_an_application_that_there_is_not() -> None:
    assert found_in_production() == []


@pytest.mark.parametrize(
    ("url", "told"),
    [
        (REDIS, "redis://127.0.0.1:6379"),
        ("redis://:a-secret@10.0.0.1:6379/0", "redis://10.0.0.1:6379"),
        ("amqp://user:a-secret@mq.example.com//", "amqp://mq.example.com"),
        ("amqps://user:a-secret@[2001:db8::1]:5671/shop?heartbeat=5", "amqps://[2001:db8::1]:5671"),
        ("sqla+mysql://user:a-secret@db/shop", "sqla+mysql://db"),
        ("sentinel://a:26379;sentinel://:a-secret@b:26379", "sentinel://a:26379, sentinel://b:26379"),
        ("filesystem://", "filesystem://"),
        ("sqs://AKIA:a-secret@", "sqs://"),
        ("redis://:a-secret@and-@more@10.0.0.1", "redis://"),
        ("redis://:a-secret/and-more@10.0.0.1", "redis://"),
        ("redis://a-secret/and-more@10.0.0.1", "redis://"),
        ("redis://a-secret?and-more@10.0.0.1", "redis://"),
        ("redis://a-secret;and-more@10.0.0.1", "redis://"),
        ("user:a-secret@10.0.0.1", ""),
    ],
)
def test_an_address_is_shown_without_secrets(url: str, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CELERY_BROKER_WRITE_URL", url)
    assert celery_broker.display_url() == told


def test_several_addresses_in_a_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.conf, "broker_write_url", ["amqp://u:a-secret@a//", "amqp://u:a-secret@b//"])
    assert celery_broker.display_url() == "amqp://a, amqp://b"


@pytest.mark.parametrize(
    ("namespace", "name"), [("CELERY", "CELERY_BROKER_URL"), ("SHOP_Q", "SHOP_Q_BROKER_URL"), (None, "broker_url")]
)
def test_a_setting_is_called_as_the_site_writes_it(
    namespace: str | None, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "namespace", namespace)
    assert celery_broker.setting("broker_url") == name
