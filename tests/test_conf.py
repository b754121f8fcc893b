"""The settings: defaults, what is refused and in which words, and where secrets do not show."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.checks import CheckMessage, run_checks
from django.core.exceptions import ImproperlyConfigured
from django.test import modify_settings, override_settings
from pytest_django import Settings
from rest_framework.authentication import TokenAuthentication

from django_ihuyi import conf
from django_ihuyi.api.conf import get_api
from django_ihuyi.conf import problems as setting_problems
from django_ihuyi.conf.problems import TEST_KEY
from django_ihuyi.conf.validators import CATEGORIES
from django_ihuyi.gateway.products import INTERNATIONAL, SMS, VOICE
from django_ihuyi.hooks import features
from django_ihuyi.models.message_status import Category
from django_ihuyi.verification.conf import get_verification
from django_ihuyi.webhooks.conf import get_retention_days, get_webhooks, has_webhooks

KEY = "f00dfeedf00dfeedf00dfeedf00dfeed"
GOOD: dict[str, Any] = {"ACCOUNT": "cf_x", "API_KEY": KEY}
ABROAD: dict[str, Any] = {"PRODUCT": "international", "COUNTRIES": ["852", "853"]}
TOKENS = ["a-push-token-that-is-long-enough"]
TOKENS_OF_DRF = "rest_framework.authentication.TokenAuthentication"


class BearerAuthentication(TokenAuthentication):
    """A site's own, with the tokens of Django REST framework."""

    keyword = "Bearer"


class UserAuthentication(TokenAuthentication):
    """A site's own, with a model of an installed app."""

    model = User


def settings_with(account: dict[str, Any] | None = None, **options: Any) -> dict[str, Any]:
    return {"ACCOUNTS": {"default": {**GOOD, **(account or {})}}, "PUSH_TOKENS": TOKENS, **options}


def test_minimal_settings_are_right(settings: Settings) -> None:
    settings.IHUYI = settings_with()
    assert list(setting_problems.problems(settings.IHUYI)) == []
    account = conf.get_account("default")
    assert account.base_url == "https://106.ihuyi.com/webservice/sms.php"
    assert account.timeout == (3.05, 10)
    assert account.signature == "互亿无线"
    assert conf.get_settings().queues == {}
    assert conf.get_settings().receipt_window == timedelta(hours=72)
    assert conf.get_registration() is None
    assert (get_verification().code_length, get_verification().of("anything").text) == (6, None)
    assert conf.get_account_aliases() == ["default"]


def test_an_address_is_the_products_where_none_is_written(settings: Settings) -> None:
    for product, options in ((INTERNATIONAL, ABROAD), (VOICE, {"PRODUCT": "voice"})):
        settings.IHUYI = settings_with({**options, "REDIRECT_TO": []})
        assert list(setting_problems.problems(settings.IHUYI)) == []
        assert (conf.get_account("default").base_url, conf.get_account("default").product_spec) == (
            product.url,
            product,
        )


WRONG: list[tuple[str, Any, str, str]] = [
    ("none", None, "E001", "IHUYI = {'ACCOUNTS': {'default': {'ACCOUNT': '<APIID>', "),
    ("not a dict", "x", "E001", "IHUYI = {"),
    ("unknown name", settings_with(PUSH_TOKEN=TOKENS), "E002", "'PUSH_TOKENS'"),
    ("unknown name, nothing like it", settings_with(ZZZ=1), "E002", "Known names"),
    ("unknown account option", settings_with({"API_KEYS": "x"}), "E002", "'API_KEY'"),
    ("no accounts", {"PUSH_TOKENS": TOKENS}, "E005", "'API_KEY'"),
    ("empty accounts", {"ACCOUNTS": {}, "PUSH_TOKENS": TOKENS}, "E005", "'API_KEY'"),
    ("no default", {"ACCOUNTS": {"shop": GOOD}, "PUSH_TOKENS": TOKENS}, "E006", "'shop'"),
    ("account not a dict", {"ACCOUNTS": {"default": "x"}, "PUSH_TOKENS": TOKENS}, "E001", "= {...}"),
    ("no key", {"ACCOUNTS": {"default": {"ACCOUNT": "x"}}, "PUSH_TOKENS": TOKENS}, "E004", "not empty"),
    ("no account name", {"ACCOUNTS": {"default": {"API_KEY": KEY}}, "PUSH_TOKENS": TOKENS}, "E004", "not empty"),
    ("published test key", settings_with({"API_KEY": TEST_KEY}), "E007", "console"),
    ("empty key", settings_with({"API_KEY": " "}), "E003", "not empty"),
    ("plain http", settings_with({"BASE_URL": "http://106.ihuyi.com/webservice/sms.php"}), "E008", "https://"),
    ("plain http, name", settings_with({"BASE_URL": "http://localhost.example.com/sms.php"}), "E008", "https://"),
    ("no url", settings_with({"BASE_URL": "106.ihuyi.com"}), "E003", "https://106"),
    ("url without a path", settings_with({"BASE_URL": "http://127.0.0.1:8106"}), "W003", "'/webservice/sms.php'"),
    (
        "url with a slash for a path",
        settings_with({"PRODUCT": "voice", "BASE_URL": "https://api.voice.ihuyi.com/"}),
        "W003",
        "'/webservice/voice.php'",
    ),
    ("url a number", settings_with({"BASE_URL": 5}), "E003", "https://106"),
    ("product", settings_with({"PRODUCT": "fax"}), "E003", "'voice'"),
    ("another product's address", settings_with({"PRODUCT": "voice", "BASE_URL": SMS.url}), "E012", "PRODUCT"),
    ("redirect across products", settings_with({"REDIRECT_TO": ["+14155550123"]}), "E013", "numbers"),
    (
        "redirect across products, the other way",
        settings_with({**ABROAD, "REDIRECT_TO": ["13800138000"]}),
        "E013",
        "numbers",
    ),
    ("every country", settings_with({"PRODUCT": "international"}), "W006", "'COUNTRIES'"),
    ("every country, said so", settings_with({"PRODUCT": "international", "COUNTRIES": None}), "W006", "'COUNTRIES'"),
    ("countries at home", settings_with({"COUNTRIES": ["852"]}), "E015", "PRODUCT"),
    *(
        (f"countries {countries!r}", settings_with({**ABROAD, "COUNTRIES": countries}), "E003", "['852', '853']")
        for countries in ("852", [], ["86"], ["+852"], [852], ["881"], ["999"], ["0852"], ["８５２"])
    ),
    (
        "codes too long for a call",
        settings_with({"PRODUCT": "voice"}, VERIFICATION={"CODE_LENGTH": 8}),
        "E014",
        "smaller",
    ),
    ("format", settings_with({"FORMAT": "yaml"}), "E003", "'json' or 'xml'"),
    ("matching unknown", settings_with({"TEMPLATE_MATCHING": True}), "E003", "'refuse'"),
    ("timeout one number", settings_with({"TIMEOUT": 5}), "E003", "(3.05, 10)"),
    ("timeout zero", settings_with({"TIMEOUT": (0, 5)}), "E003", "(3.05, 10)"),
    ("client", settings_with({"CLIENT": "no.such.Client"}), "E003", "django_ihuyi.gateway.Client"),
    ("signature with brackets", settings_with({"SIGNATURE": "【互亿】"}), "E003", "without the brackets"),
    ("signature too short", settings_with({"SIGNATURE": "互"}), "E003", "2 to 30"),
    ("signature too long", settings_with({"SIGNATURE": "互" * 31}), "E003", "2 to 30"),
    ("max length", settings_with({"MAX_LENGTH": 0}), "E003", "above 0"),
    ("redirect", settings_with({"REDIRECT_TO": "13800138000"}), "E003", "a list"),
    ("flag", settings_with({"RESEND_UNKNOWN": "yes"}), "E003", "True or False"),
    ("no token", {"ACCOUNTS": {"default": GOOD}}, "W001", "token_urlsafe"),
    ("short token", settings_with(PUSH_TOKENS=["0123456789012345678"]), "E009", "token_urlsafe"),
    ("token with a slash", settings_with(PUSH_TOKENS=["0123456789/0123456789"]), "E009", "token_urlsafe"),
    ("token with a line's end", settings_with(PUSH_TOKENS=["0123456789-0123456789\n"]), "E009", "token_urlsafe"),
    ("key with a line's end", settings_with({"API_KEY": KEY + "\n"}), "E003", "white space"),
    ("url with a query", settings_with({"BASE_URL": "https://106.ihuyi.com/?method=Submit"}), "E003", "https://106"),
    ("url with a user", settings_with({"BASE_URL": "https://u:p@106.ihuyi.com/"}), "E003", "https://106"),
    ("url with white space", settings_with({"BASE_URL": " https://106.ihuyi.com/"}), "E003", "https://106"),
    ("url with an impossible port", settings_with({"BASE_URL": "https://106.ihuyi.com:99999/"}), "E003", "https://106"),
    ("url with half an address", settings_with({"BASE_URL": "https://[::1/x"}), "E003", "https://106"),
    ("short metrics token", settings_with(METRICS_TOKENS=["0123456789"]), "E009", "token_urlsafe"),
    ("metrics tokens a text", settings_with(METRICS_TOKENS="x" * 30), "E003", "list of texts"),
    ("retention of nothing", settings_with(RETENTION_DAYS={"codes": 3}), "E003", "'receipts'"),
    ("retention, what", settings_with(RETENTION_DAYS={"balance": 3}), "E003", "'balances'"),
    (
        "retention of webhooks",
        settings_with(RETENTION_DAYS={"receipts": 3, "webhooks": 3}),
        "E003",
        "IHUYI['WEBHOOKS']['RETENTION_DAYS']",
    ),
    ("retention, days", settings_with(RETENTION_DAYS={"receipts": 0}), "E003", "'receipts'"),
    ("retention, no days", settings_with(RETENTION_DAYS="30"), "E003", "'receipts'"),
    ("retention of texts", settings_with(TEXT_RETENTION_DAYS=0), "E003", "above 0"),
    ("hashing of numbers", settings_with(HASH_MOBILES_AFTER_DAYS=-1), "E003", "above 0"),
    ("tokens a text", settings_with(PUSH_TOKENS="x" * 30), "E003", "list of texts"),
    ("networks a text", settings_with(PUSH_ALLOWED_NETWORKS="10.0.0.0/8"), "E003", "203.0.113.0/24"),
    ("networks nonsense", settings_with(PUSH_ALLOWED_NETWORKS=["x"]), "E003", "203.0.113.0/24"),
    ("networks a number", settings_with(PUSH_ALLOWED_NETWORKS=7), "E003", "203.0.113.0/24"),
    ("proxies", settings_with(TRUSTED_PROXIES=-1), "E003", "0 or above"),
    ("words a text", settings_with(OPT_OUT_WORDS="TD"), "E003", "list of words"),
    ("a word of nothing", settings_with(OPT_IN_WORDS=["Y", "!"]), "E003", "list of words"),
    ("queues, category", settings_with(QUEUES={"codes": "codes"}), "E003", "'verification'"),
    ("queues, name", settings_with(QUEUES={"marketing": ""}), "E003", "'verification'"),
    ("registration not a dict", settings_with(REGISTRATION="mobile"), "E001", "= {...}"),
    ("registration without a number", settings_with(REGISTRATION={"CONTENT": "hi"}), "E004", "callable"),
    ("registration that sends nothing", settings_with(REGISTRATION={"MOBILE": "username"}), "E011", "CODE"),
    ("registration code", settings_with(REGISTRATION={"MOBILE": "username", "CODE": ""}), "E003", "'sign-up'"),
    (
        "registration verified",
        settings_with(REGISTRATION={"MOBILE": "username", "CODE": "sign-up", "VERIFIED": "nope"}),
        "E010",
        "whether the number is verified",
    ),
    (
        "registration verified, form",
        settings_with(REGISTRATION={"MOBILE": "username", "CODE": "sign-up", "VERIFIED": 7}),
        "E003",
        "or None",
    ),
    ("verification not a dict", settings_with(VERIFICATION=None), "E001", "= {...}"),
    *[
        (f"verification {name} {value!r}", settings_with(VERIFICATION={name: value}), check_id, says)
        for name, value, check_id, says in (
            ("CODE_LENGHT", 6, "E002", "'CODE_LENGTH'"),
            ("TEXT", "no place", "E003", "{code}"),
            ("TEXT", "{code} {name}", "E003", "{minutes}"),
            ("TEXT", "{code", "E003", "{code}"),
            ("TEXT", None, "E003", "{code}"),
            ("CODE_LENGTH", 3, "E003", "from 4 to 8"),
            ("CODE_LENGTH", 9, "E003", "from 4 to 8"),
            ("LIFETIME", 0, "E003", "above 0"),
            ("INTERVAL", -1, "E003", "0 or above"),
            ("SITE_PER_DAY", 0, "E003", "None for no limit"),
            ("TEST_NUMBERS", "13800138000", "E003", "a list"),
            ("TEST_NUMBERS", ["138 0013 8000"], "E003", "eleven digits"),
            ("CAPTCHA", "no.such.function", "E003", "dotted path"),
            ("CAPTCHA", 7, "E003", "dotted path"),
            ("CAPTCHA_WHEN", "sometimes", "E003", "'threshold'"),
            ("WATCH_SHARE", 1, "E003", "between 0 and 1"),
            ("WATCH_FACTOR", True, "E003", "between 0 and 1"),
            ("PURPOSES", [], "E003", "'sign-up'"),
            ("PURPOSES", {"p" * 33: {}}, "E003", "1 to 32"),
            ("PURPOSES", {"x": 7}, "E001", "['PURPOSES']['x'] = {...}"),
            ("PURPOSES", {"x": {"TXT": "{code}"}}, "E002", "'TEXT'"),
            ("PURPOSES", {"x": {"TEXT": "no place"}}, "E003", "{code}"),
            ("PURPOSES", {"x": {"TEMPLATE": True}}, "E003", "console"),
            ("PURPOSES", {"x": {"TEMPLATE": 1, "PARAMS": ["{minutes}"]}}, "E003", "['{code}']"),
            ("PURPOSES", {"x": {"TEMPLATE": 1, "PARAMS": "{code}"}}, "E003", "['{code}']"),
            ("PURPOSES", {"x": {"CAPTCHA": True}}, "E003", "'always'"),
        )
    ],
    ("api not a dict", settings_with(API="x"), "E001", "= {...}"),
    ("api classes", settings_with(API={"PERMISSION_CLASSES": ["no.such.Class"]}), "E003", "IsAuthenticated"),
    ("api classes a text", settings_with(API={"AUTHENTICATION_CLASSES": "x"}), "E003", "a list"),
    (
        "api tokens",
        settings_with(API={"AUTHENTICATION_CLASSES": [TOKENS_OF_DRF]}),
        "E019",
        "'rest_framework.authtoken'",
    ),
    (
        "api tokens of a class of the site's own",
        settings_with(API={"AUTHENTICATION_CLASSES": [f"{__name__}.BearerAuthentication"]}),
        "E019",
        "'rest_framework.authtoken'",
    ),
    (
        "api class of an app that is not installed",
        settings_with(API={"AUTHENTICATION_CLASSES": ["tests.uninstalled.auth.KeyAuthentication"]}),
        "E019",
        "'tests.uninstalled'",
    ),
    (
        "permission class of such an app",
        settings_with(API={"PERMISSION_CLASSES": ["tests.uninstalled.auth.HasKey"]}),
        "E019",
        "'tests.uninstalled'",
    ),
    ("client of such an app", settings_with({"CLIENT": "tests.uninstalled.auth.MeteredClient"}), "E019", "migrate"),
    (
        "captcha of such an app",
        settings_with(VERIFICATION={"CAPTCHA": "tests.uninstalled.auth.KEY", "CAPTCHA_WHEN": "never"}),
        "E019",
        "'tests.uninstalled'",
    ),
    ("no queue for codes", settings_with(QUEUES={"marketing": "campaigns"}), "W009", "'verification': 'codes'"),
    ("no queue for webhooks", settings_with(WEBHOOKS={}), "W009", "'QUEUE': 'webhooks'"),
    ("api scope", settings_with(API={"THROTTLE_RATES": {"reads": "1/s"}}), "E003", "'bulk'"),
    ("api rate", settings_with(API={"THROTTLE_RATES": {"read": "often"}}), "E003", "'300/min'"),
    ("registration field", settings_with(REGISTRATION={"MOBILE": "phone", "CONTENT": "hi"}), "E010", "callable"),
]


def of_the_settings() -> list[CheckMessage]:
    # The project of the tests has second factors, of which another check tells.
    told = [message for message in run_checks(databases=[]) if message.id != "django_ihuyi.W031"]
    return [message for message in told if str(message.id).startswith("django_ihuyi.")]


@pytest.mark.parametrize(("raw", "check_id", "says"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
def test_each_wrong_setting_has_a_check_that_says_what_to_write(
    settings: Settings, raw: Any, check_id: str, says: str
) -> None:
    settings.IHUYI = raw
    found = of_the_settings()
    assert [message.id for message in found] == [f"django_ihuyi.{check_id}"]
    assert says in str(found[0].hint)
    assert "IHUYI" in str(found[0].msg)
    assert KEY not in str(found[0])


RIGHT: list[tuple[str, Any]] = [
    ("http to loopback", settings_with({"BASE_URL": "http://127.0.0.1:8106/webservice/sms.php"})),
    ("http to localhost", settings_with({"BASE_URL": "http://localhost:8106/webservice/sms.php"})),
    ("networks", settings_with(PUSH_ALLOWED_NETWORKS=["203.0.113.0/24", "2001:db8::/32"])),
    ("no networks", settings_with(PUSH_ALLOWED_NETWORKS=None)),
    ("queues", settings_with(QUEUES={"verification": "codes", "marketing": None})),
    ("registration by field", settings_with(REGISTRATION={"MOBILE": "username", "CONTENT": "hi"})),
    ("registration by path", settings_with(REGISTRATION={"MOBILE": "a.path", "CONTENT": "hi"})),
    ("registration by code", settings_with(REGISTRATION={"MOBILE": "username", "CODE": "x", "VERIFIED": "is_staff"})),
    (
        "verification",
        settings_with(
            VERIFICATION={
                "TEXT": "{code}，{minutes}分钟内有效",
                "PURPOSES": {
                    "x": {"TEMPLATE": "1", "PARAMS": ["{code}", "{minutes}"], "CAPTCHA": "never"},
                    "y": {"TEXT": "{code}", "TEMPLATE": None},
                    "allauth": {"CAPTCHA": "never"},
                },
                "SITE_PER_HOUR": None,
                "TEST_NUMBERS": ["13800138000"],
                "CAPTCHA": "django_ihuyi.contrib.simple_captcha.check",
            }
        ),
    ),
    ("api tokens of another model", settings_with(API={"AUTHENTICATION_CLASSES": [f"{__name__}.UserAuthentication"]})),
    ("api classes", settings_with(API={"PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"]})),
    ("api", settings_with(API={"PERMISSION_CLASSES": [], "THROTTLE_RATES": {"read": None, "bulk": "5/h"}})),
    ("registration by callable", settings_with(REGISTRATION={"MOBILE": str, "CONTENT": str})),
]


@pytest.mark.parametrize("raw", [row[1] for row in RIGHT], ids=[row[0] for row in RIGHT])
def test_right_settings_pass(settings: Settings, raw: Any) -> None:
    settings.IHUYI = raw
    assert of_the_settings() == []


def test_captcha_of_ours__without_its_app__is_an_error(settings: Settings) -> None:
    settings.IHUYI = settings_with(VERIFICATION={"CAPTCHA": "django_ihuyi.contrib.simple_captcha.check"})
    assert list(setting_problems.problems(settings.IHUYI)) == []
    with modify_settings(INSTALLED_APPS={"remove": ["captcha"]}):
        [found] = setting_problems.problems(settings.IHUYI)
    assert (found.id, "'captcha'" in found.text) == ("E019", True)


WITHOUT_APP: list[tuple[str, str, Any]] = [
    ("django_ihuyi.verification", "VERIFICATION", {"CODE_LENGTH": 6}),
    ("django_ihuyi.verification", "VERIFICATION", {"CODE_LENGTH": 99, "CAPTCHA": "tests.uninstalled.auth.KEY"}),
    ("django_ihuyi.verification", "VERIFICATION", {"PURPOSES": {"x": 7}}),
    ("django_ihuyi.webhooks", "WEBHOOKS", {}),
    ("django_ihuyi.webhooks", "WEBHOOKS", {"QUEUE": None, "PORTS": 443}),
    ("django_ihuyi.api", "API", {"PERMISSION_CLASSES": ["no.such.Class"]}),
    ("django_ihuyi.api", "API", {"AUTHENTICATION_CLASSES": [TOKENS_OF_DRF]}),
    ("django_ihuyi.api", "API", "x"),
]


@pytest.mark.parametrize(("app", "section", "value"), WITHOUT_APP)
def test_section__without_its_app__is_a_warning_and_not_judged(
    settings: Settings, app: str, section: str, value: Any
) -> None:
    settings.IHUYI = settings_with(**{section: value})
    with modify_settings(INSTALLED_APPS={"remove": [app]}):
        [found] = setting_problems.problems(settings.IHUYI)
    assert found.id == "W010"
    assert f"IHUYI[{section!r}]" in found.text
    assert found.hint == f"Add {app!r} to INSTALLED_APPS and run migrate, or remove {section!r} from IHUYI."


@pytest.mark.parametrize("app", sorted(set(conf.FEATURE_SECTIONS.values())))
def test_app__without_its_section__is_no_problem(settings: Settings, app: str) -> None:
    settings.IHUYI = settings_with()
    assert list(setting_problems.problems(settings.IHUYI)) == []
    with modify_settings(INSTALLED_APPS={"remove": [app]}):
        assert list(setting_problems.problems(settings.IHUYI)) == []


def test_unknown_name__without_any_feature__is_an_error_that_knows_the_sections(settings: Settings) -> None:
    settings.IHUYI = settings_with(WEBHOOK={})
    with modify_settings(INSTALLED_APPS={"remove": list(conf.FEATURE_SECTIONS.values())}):
        [found] = setting_problems.problems(settings.IHUYI)
    assert (found.id, found.hint) == ("E002", "Did you mean 'WEBHOOKS'?")


def test_feature_sections__of_the_table__are_those_of_the_installed_apps() -> None:
    named = {section: config.name for config in features() for section in config.settings_sections}
    assert named == conf.FEATURE_SECTIONS


def test_codes_too_long_for_a_call__without_verification__are_no_problem(settings: Settings) -> None:
    settings.IHUYI = settings_with({"PRODUCT": "voice"}, VERIFICATION={"CODE_LENGTH": 8})
    with modify_settings(INSTALLED_APPS={"remove": ["django_ihuyi.verification"]}):
        assert [found.id for found in setting_problems.problems(settings.IHUYI)] == ["W010"]


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"CODE": "sign-up"}, ["CODE"]),
        ({"CONTENT": "hi", "CODE": "sign-up", "VERIFIED": "is_staff"}, ["CODE", "VERIFIED"]),
        ({"CONTENT": "hi", "VERIFIED": "is_staff"}, ["VERIFIED"]),
        ({"CONTENT": "hi", "CODE": None}, []),
    ],
    ids=["code", "both", "verified", "neither"],
)
def test_code_of_new_users__without_verification__is_an_error_with_the_app_to_add(
    settings: Settings, options: dict[str, Any], named: list[str]
) -> None:
    settings.IHUYI = settings_with(REGISTRATION={"MOBILE": "username", **options})
    assert list(setting_problems.problems(settings.IHUYI)) == []
    with modify_settings(INSTALLED_APPS={"remove": ["django_ihuyi.verification"]}):
        found = list(setting_problems.problems(settings.IHUYI))
    assert [one.id for one in found] == ["E019"] * len(named)
    for name, one in zip(named, found, strict=True):
        assert f"['{name}']" in one.text
        assert "Add 'django_ihuyi.verification' to INSTALLED_APPS" in one.hint


@pytest.mark.parametrize(("section", "app"), conf.FEATURE_SECTIONS.items())
def test_section__without_its_app__is_not_read(settings: Settings, section: str, app: str) -> None:
    settings.IHUYI = settings_with(**{section: {"X": 1}})
    assert conf.get_section(section) == {"X": 1}
    with modify_settings(INSTALLED_APPS={"remove": [app]}):
        assert (conf.get_section(section), conf.get_section(section, {})) == (None, {})
    settings.IHUYI = settings_with()
    assert (conf.get_section(section), conf.get_section(section, {})) == (None, {})


READERS: list[tuple[Callable[[], object], dict[str, Any], object]] = [
    (lambda: conf.get_account("default").timeout, settings_with({"TIMEOUT": (1, 2)}), (1, 2)),
    (lambda: conf.get_price("default"), settings_with({"PRICE": 0.03}), Decimal("0.03")),
    (lambda: conf.get_product("default"), settings_with({"PRODUCT": "voice"}), VOICE),
    (lambda: conf.get_redirecting("13900000001"), settings_with({"REDIRECT_TO": ["13900000001"]}), ["default"]),
    (lambda: conf.get_settings().no_receipt_hours, settings_with(NO_RECEIPT_HOURS=5), 5),
    (conf.has_push_tokens, settings_with(PUSH_TOKENS=[]), False),
    (conf.get_account_aliases, {"ACCOUNTS": {"shop": {}}}, ["shop"]),
    (lambda: conf.get_registration() is None, settings_with(REGISTRATION={"MOBILE": "m", "CONTENT": "c"}), False),
    (lambda: get_verification().lifetime, settings_with(VERIFICATION={"LIFETIME": 77}), 77),
    (has_webhooks, settings_with(WEBHOOKS={}), True),
    (get_retention_days, settings_with(WEBHOOKS={"RETENTION_DAYS": 7}), 7),
    (lambda: get_api().schema, settings_with(API={"SCHEMA": True}), True),
]
"""What reads the settings, settings other than the plain ones, and what is read from them."""


@pytest.mark.parametrize(("read", "other", "value"), READERS)
def test_settings__overridden_and_restored__are_read_anew(
    settings: Settings, read: Callable[[], object], other: dict[str, Any], value: object
) -> None:
    settings.IHUYI = settings_with()
    before = read()
    assert before != value
    with override_settings(IHUYI=other):
        assert read() == value
    assert read() == before


def test_settings__unchanged__are_read_once(settings: Settings) -> None:
    settings.IHUYI = settings_with(VERIFICATION={}, WEBHOOKS={}, API={})
    readers = [conf.get_settings, lambda: conf.get_account("default"), get_verification, get_webhooks, get_api]
    assert [read() is read() for read in readers] == [True] * len(readers)


def test_settings__wrong_at_first__are_no_error_for_ever(settings: Settings) -> None:
    settings.IHUYI = settings_with({"TIMEOUT": 5})
    for _ in range(2):
        with pytest.raises(ImproperlyConfigured, match="TIMEOUT"):
            conf.get_account("default")
    settings.IHUYI = settings_with()
    assert conf.get_account("default").timeout == (3.05, 10)


def test_run_time_says_the_words_of_the_check(settings: Settings, delete_ihuyi: Callable[[], None]) -> None:
    settings.IHUYI = settings_with({"TIMEOUT": 5}, PUSH_TOKEN=TOKENS)
    with pytest.raises(ImproperlyConfigured, match=r"Write two numbers of seconds"):
        conf.get_account("default")
    with pytest.raises(ImproperlyConfigured, match="Did you mean 'PUSH_TOKENS'"):
        conf.get_settings()
    settings.IHUYI = settings_with(VERIFICATION={"PURPOSES": {"x": {"TXT": ""}}}, PUSH_TOKEN=TOKENS)
    with pytest.raises(ImproperlyConfigured, match="Did you mean 'TEXT'"):
        get_verification()
    with pytest.raises(ImproperlyConfigured, match="has no account 'shop'"):
        conf.get_account("shop")
    settings.IHUYI = "x"
    with pytest.raises(ImproperlyConfigured, match="IHUYI is not a dict"):
        conf.get_settings()
    delete_ihuyi()
    with pytest.raises(ImproperlyConfigured, match=r"The settings have no IHUYI\. Write IHUYI = {'ACCOUNTS': "):
        conf.get_settings()


@pytest.mark.parametrize("name", ["IHUY", "IHUIYI", "IHYUI", "IHUYI_"])
def test_a_misspelt_name_is_recognized(name: str, settings: Settings, delete_ihuyi: Callable[[], None]) -> None:
    setattr(settings, name, settings.IHUYI)
    delete_ihuyi()
    settings.IHUYIS = "no dict"
    [problem] = setting_problems.problems(conf.get_raw())
    assert (problem.id, problem.text) == ("E001", "The settings have no IHUYI.")
    assert problem.hint == f"Did you mean {name}? Call it IHUYI."


def test_the_key_is_in_no_repr(settings: Settings) -> None:
    settings.IHUYI = settings_with()
    assert KEY not in repr(conf.get_account("default"))


def test_the_categories_of_the_settings_are_those_of_messages() -> None:
    assert list(Category.values) == list(CATEGORIES)


@pytest.mark.parametrize(
    ("prices", "alias", "price"),
    [
        ({"PRICE": 0.03}, "default", Decimal("0.03")),
        ({"PRICE": 1}, "default", Decimal(1)),
        ({}, "default", None),
        ({"PRICE": 0.03}, "taken-out", None),
    ],
    ids=["a fraction", "a whole number", "none", "no such account"],
)
def test_price__of_an_account__is_exact(
    settings: Settings, prices: dict[str, float], alias: str, price: Decimal | None
) -> None:
    account = settings.IHUYI["ACCOUNTS"]["default"]
    settings.IHUYI = {**settings.IHUYI, "ACCOUNTS": {"default": {**account, **prices}}}
    assert conf.get_price(alias) == price
