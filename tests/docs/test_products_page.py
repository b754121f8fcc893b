"""The page of products: its snippets print what they say, its tables are the code's, and a product is one file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pytest
from django.urls import resolve
from pytest_django import Settings

from django_ihuyi import conf, send_sms
from django_ihuyi.conf import problems as setting_problems
from django_ihuyi.gateway import Client, products
from django_ihuyi.gateway.products import PRODUCTS
from django_ihuyi.worker.client_factory import make_client

from .markdown_reader import blocks, code_in, read, tables

PAGE = "docs/products.md"
ACCOUNTS, SEND, FILE = (block.text for block in blocks(PAGE, "python"))


@pytest.fixture
def accounts(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Mapping[str, Any]:
    """The page's accounts in the settings."""
    for name in re.findall(r'os\.environ\["(\w+)"\]', ACCOUNTS):
        monkeypatch.setenv(name, name.lower())
    names: dict[str, Any] = {}
    exec(ACCOUNTS, names)
    accounts: dict[str, Any] = names["IHUYI_ACCOUNTS"]
    settings.IHUYI = {**settings.IHUYI, "ACCOUNTS": accounts}
    return accounts


def test_the_accounts_are_right(accounts: Mapping[str, Any]) -> None:
    assert list(setting_problems.problems(conf.get_raw())) == []
    assert {conf.get_account(alias).product for alias in accounts} == set(PRODUCTS)


@pytest.mark.django_db
@pytest.mark.usefixtures("accounts", "broker")
def test_the_snippet_prints_what_it_says(capsys: pytest.CaptureFixture[str]) -> None:
    exec(SEND, {})
    assert capsys.readouterr().out.splitlines() == re.findall(r"print\(.*\)  # (.+)", SEND)


def test_the_table_is_the_products() -> None:
    [table, _open] = tables(PAGE)
    assert [code_in(cell) for cell in table[0][1:]] == list(PRODUCTS)
    rows = {row[0]: row[1:] for row in table}
    told = PRODUCTS.values()
    assert ["only" in cell for cell in rows["category"]] == [product.only_codes for product in told]
    assert ["template" in cell for cell in rows["text"]] == [product.supports_templates for product in told]
    assert ["cannot" not in cell for cell in rows["balance"]] == [product.supports_balance for product in told]
    assert ["yuan" not in cell for cell in rows["balance"]] == [product.counts_messages for product in told]
    assert [cell == "is told" for cell in rows["a missing receipt"]] == [product.promises_receipts for product in told]


def test_the_push_urls_are_there() -> None:
    urls = re.findall(r"https://example\.com(/ihuyi/\S+)", read(PAGE))
    assert len(urls) == 2
    for url in urls:
        assert resolve(url.replace("<token>", "0123456789")).kwargs["product"] in PRODUCTS


@pytest.mark.django_db
@pytest.mark.usefixtures("broker")
def test_a_product_is_one_file(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    names: dict[str, Any] = {}
    exec(FILE, names)
    known = MappingProxyType({**PRODUCTS, "mms": names["MMS"]})
    for module in (products, conf, *_that_import_them()):
        monkeypatch.setattr(module, "PRODUCTS", known)
    default = settings.IHUYI["ACCOUNTS"]["default"]
    mms = {name: value for name, value in default.items() if name != "BASE_URL"} | {"PRODUCT": "mms"}
    settings.IHUYI = {**settings.IHUYI, "ACCOUNTS": {"default": default, "mms": mms}}
    assert list(setting_problems.problems(settings.IHUYI)) == []
    message = send_sms("+86 138 0013 8000", "您好", account="mms")
    assert (message.mobile, message.segments, message.account) == ("13800138000", 1, "mms")
    client = make_client(conf.get_account("mms"))
    assert isinstance(client, Client)
    assert (client.base_url, client.product.id_field) == ("https://mms.example.com/webservice/mms.php", "mmsid")


def _that_import_them() -> tuple[Any, ...]:
    from django_ihuyi.conf import problems, validators

    return problems, validators
