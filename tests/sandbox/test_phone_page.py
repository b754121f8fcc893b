"""The phone page: its headers, its texts, and the page itself in a browser."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from importlib.resources import files

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from django_ihuyi.sandbox.phone_page import FILES
from tests.sandbox.conftest import Customer, MakeCustomer, Site

PHONE = files("django_ihuyi.sandbox") / "phone"
TEXTS = json.loads((PHONE / "texts.json").read_text(encoding="utf-8"))
CHROMIUM = shutil.which("chromium")
HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script>&amp;"


@pytest.mark.parametrize("path", FILES)
def test_headers(customer: Customer, path: str) -> None:
    answer = customer.get(path)

    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == FILES[path][1]
    assert answer.headers["Content-Security-Policy"] == (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_nothing_from_elsewhere() -> None:
    for name in ("index.html", "phone.css", "phone.js", "feed.js"):
        text = (PHONE / name).read_text(encoding="utf-8")
        assert not re.search(r"https?:|//\w+\.|innerHTML|insertAdjacentHTML|\sstyle=|\son\w+=", text)


def test_both_languages_have_the_same_texts() -> None:
    english, chinese = TEXTS["en"], TEXTS["zh-hans"]

    assert english.keys() == chinese.keys()
    for name, text in english.items():
        assert sorted(re.findall(r"\{\w+\}", text)) == sorted(re.findall(r"\{\w+\}", chinese[name]))


def test_every_text_is_used_and_there() -> None:
    page = "".join((PHONE / name).read_text(encoding="utf-8") for name in ("index.html", "phone.js"))
    named = set(re.findall(r'data-(?:text|label|placeholder)="(\w+)"', page)) | set(re.findall(r'"(\w+)"', page))
    families = ("state_", "push_", "reply_", "template_", "product_", "message_from")

    assert set(re.findall(r'data-(?:text|label|placeholder)="(\w+)"', page)) <= TEXTS["en"].keys()
    assert [name for name in TEXTS["en"] if name not in named and not name.startswith(families)] == []


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("service chromium: no chromium in the PATH")
    flags = "--no-sandbox --disable-gpu --disable-background-networking --disable-component-update --disable-sync"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*flags.split(), "--no-first-run"])
        yield browser
        browser.close()


def quick(page: Page) -> Page:
    """Let the page's second between two questions be a tenth."""
    page.add_init_script("const later = setTimeout; window.setTimeout = (call, pause) => later(call, pause / 10)")
    page.set_default_timeout(10_000)
    return page


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page that fails the test when it logs an error (a breach of the CSP is one) or opens a dialogue."""
    page = quick(browser.new_page())
    wrong: list[str] = []
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("dialog", lambda dialog: wrong.append(dialog.message))
    yield page
    page.close()
    assert wrong == []


@pytest.mark.service("chromium")
def test_text_arrives_is_delivered_and_answered(make_customer: MakeCustomer, site: Site, page: Page) -> None:
    customer = make_customer(**site.options)
    page.goto(f"{customer.sandbox.url}/?lang=en")
    expect(page.locator("#empty")).to_be_visible()

    smsid = customer.submit(content=HOSTILE)["smsid"]
    bubble = page.locator(f'#thread > li[data-smsid="{smsid}"][data-mobile="13712345678"]')
    expect(bubble.locator(".text")).to_have_text(f"【互亿无线】{HOSTILE}")
    expect(bubble).to_have_attribute("data-state", "delivered")
    expect(bubble).to_have_attribute("data-receipt", "acknowledged")
    expect(page.locator("#balance")).to_have_text("9,998" if len(HOSTILE) > 64 else "9,999")

    page.fill("#reply-text", f"好的 {HOSTILE}")
    page.press("#reply-text", "Enter")
    expect(page.locator("#thread > li[data-kind=reply] .text")).to_have_text(f"好的 {HOSTILE}")
    expect(page.locator("#thread > li[data-kind=reply]")).to_have_attribute("data-push", "acknowledged")
    [fields] = [fields for path, fields in site.pushes if path == "/reply/"]
    assert (fields["content"], fields["smsid"]) == (f"好的 {HOSTILE}", smsid)


@pytest.mark.service("chromium")
def test_conversations_by_keyboard(customer: Customer, page: Page) -> None:
    for number, text in enumerate(("第一条", "第二条", "第三条")):
        customer.submit(f"1371234567{number}", text)
    page.goto(f"{customer.sandbox.url}/?lang=en#13712345671")
    expect(page.locator("#thread .text")).to_have_text("【互亿无线】第二条")

    page.focus("#filter")
    page.keyboard.type("5670")
    expect(page.locator("#conversations button")).to_have_count(1)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#thread .text")).to_have_text("【互亿无线】第一条")
    expect(page.locator("#conversations [data-mobile='13712345670']")).to_have_attribute("aria-current", "true")
    expect(page.locator("#conversations [data-mobile='13712345670']")).to_be_focused()

    customer.sandbox.reset()
    expect(page.locator("#empty")).to_be_visible()


@pytest.mark.service("chromium")
def test_balance_and_templates(customer: Customer, page: Page) -> None:
    customer.call("AddTemplate", content="订单【变量】已发出。")
    page.goto(f"{customer.sandbox.url}/?lang=en")

    page.fill("#balance-input", "7")
    page.click("#balance-set")
    expect(page.locator("#balance")).to_have_text("7")
    page.click("#template-1001-pass")
    expect(page.locator("#templates [data-templateid='1001']")).to_have_attribute("data-state", "passed")
    assert customer.submit(content="1234", templateid="1001")["code"] == 2


@pytest.mark.service("chromium")
def test_languages(browser: Browser, customer: Customer) -> None:
    context = browser.new_context(locale="zh-CN")
    page = context.new_page()
    page.goto(customer.sandbox.url)
    expect(page.locator("#gateway-title")).to_have_text("网关")
    expect(page.locator("html")).to_have_attribute("lang", "zh-Hans")

    page.click("#lang-en")
    expect(page.locator("#gateway-title")).to_have_text("Gateway")
    expect(page.locator("#lang-en")).to_have_attribute("aria-current", "true")
    context.close()


@pytest.mark.service("chromium")
def test_nothing_sticks_out(customer: Customer, page: Page) -> None:
    customer.submit(content="x" * 200)
    page.goto(f"{customer.sandbox.url}/?lang=en")
    expect(page.locator("#thread .text")).to_be_visible()

    for width in (320, 390, 768, 1280):
        page.set_viewport_size({"width": width, "height": 700})
        assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.service("chromium")
def test_says_when_the_sandbox_has_gone(browser: Browser, make_customer: MakeCustomer) -> None:
    customer = make_customer()
    page = quick(browser.new_page())
    page.goto(f"{customer.sandbox.url}/?lang=en")
    expect(page.locator("#connection")).to_have_text("Live")

    customer.sandbox.stop()

    expect(page.locator("#connection")).to_have_attribute("data-online", "false")
    page.close()
