"""What the example's settings make of the environment, and what its logs leave out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from django_ihuyi.conf import problems as setting_problems
from example_project import environment
from example_project.demo import talk_to_the_sandbox


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "DATABASE_URL",
        "CELERY_BROKER_URL",
        "SECRET_KEY",
        "IHUYI_ACCOUNT",
        "IHUYI_API_KEY",
        "IHUYI_BASE_URL",
        "IHUYI_SIGNATURE",
        "IHUYI_PUSH_TOKEN",
    ):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(("asked", "kept"), [({}, False), ({"DEMO_REAL_GATEWAY": "1"}, True)])
def test_a_demo_leaves_out_a_real_account(
    asked: dict[str, str], kept: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    shell = {"IHUYI_ACCOUNT": "cf_shop", "IHUYI_API_KEY": "the-shops-own-key", "PATH": "/bin", **asked}
    talk_to_the_sandbox(shell)
    assert ("IHUYI_ACCOUNT" in shell) == ("IHUYI_API_KEY" in shell) == kept
    assert shell["PATH"] == "/bin"
    said = capsys.readouterr().err
    assert ("IHUYI_ACCOUNT is left out" in said) != kept
    assert "the-shops-own-key" not in said


@pytest.mark.parametrize(
    ("text", "default", "expected"),
    [("1", False, True), (" True ", False, True), ("0", True, False), ("no", True, False), ("", True, True)],
)
def test_flags(monkeypatch: pytest.MonkeyPatch, text: str, default: bool, expected: bool) -> None:
    monkeypatch.setenv("SOME_FLAG", text)
    assert environment.flag("SOME_FLAG", default=default) is expected


def test_a_secret_key_is_made_up_for_this_machine_only(monkeypatch: pytest.MonkeyPatch) -> None:
    assert environment.ON_LOOPBACK in environment.secret_key(debug=True)
    with pytest.raises(ImproperlyConfigured, match="SECRET_KEY"):
        environment.secret_key(debug=False)
    monkeypatch.setenv("SECRET_KEY", "long and random")
    assert environment.secret_key(debug=False) == "long and random"


@pytest.mark.parametrize(
    ("url", "engine", "option"),
    [
        pytest.param("", "sqlite3", "init_command", id="none"),
        pytest.param("mysql://root@127.0.0.1/shop", "mysql", "charset", id="mariadb"),
        pytest.param("postgresql://postgres@127.0.0.1/shop", "postgresql", None, id="postgresql"),
    ],
)
def test_databases(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, url: str, engine: str, option: str | None) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    database = environment.database(tmp_path)
    assert database["ENGINE"] == f"django.db.backends.{engine}"
    assert option is None or option in database["OPTIONS"]
    assert database["NAME"] == ("shop" if url else str(tmp_path / "site.sqlite3"))


def test_brokers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    url, options = environment.broker(tmp_path)
    assert url == f"sqla+sqlite:///{tmp_path / 'broker.sqlite3'}"
    connection = options["creator"]()
    try:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    finally:
        connection.close()
    monkeypatch.setenv("CELERY_BROKER_URL", "redis://127.0.0.1:6379/7")
    assert environment.broker(tmp_path) == ("redis://127.0.0.1:6379/7", {})


def test_the_sandbox_needs_nothing(settings: Any) -> None:
    account, tokens = environment.account("8107"), environment.push_tokens()
    assert account["BASE_URL"] == "http://127.0.0.1:8107/webservice/sms.php"
    assert list(setting_problems.problems({"ACCOUNTS": {"default": account}, "PUSH_TOKENS": tokens})) == []


def test_a_real_account_talks_to_the_real_gateway_and_gets_no_token_by_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("IHUYI_ACCOUNT", "cf_shop")
    raw = {"ACCOUNTS": {"default": environment.account("8106")}, "PUSH_TOKENS": ["x" * 20]}
    (problem,) = setting_problems.problems(raw)
    assert "API_KEY" in problem.text
    monkeypatch.setenv("IHUYI_API_KEY", "0123456789abcdef")
    assert environment.account("8106") == {
        "ACCOUNT": "cf_shop",
        "API_KEY": "0123456789abcdef",
        "SIGNATURE": "互亿无线",
        "BASE_URL": "https://106.ihuyi.com/webservice/sms.php",
    }
    assert environment.push_tokens() == []
    monkeypatch.setenv("IHUYI_PUSH_TOKEN", "a-token-of-my-own-make")
    assert environment.push_tokens() == ["a-token-of-my-own-make"]
