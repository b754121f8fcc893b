"""The main job as a person does it, in Chromium: the site, the phone page and the admin."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from .processes import STAFF_MOBILE, STAFF_PASSWORD, Stack, new_mobile, new_password

pytestmark = [pytest.mark.e2e, pytest.mark.service("chromium")]


def test_sign_up_read_answer_and_find_it_all_in_the_admin(stack: Stack, page: Page) -> None:
    mobile, password = new_mobile(), new_password()
    stack.secrets[password] = "password"

    page.goto(f"{stack.site_url}/sign-up/")
    page.get_by_label("Mobile number").fill(mobile)
    page.get_by_label("What does the picture show?").fill("passed")
    page.get_by_role("button", name="Send code").click()
    page.get_by_label("Code").fill(stack.code(mobile))
    page.get_by_label("Password").fill(password)
    page.get_by_role("main").get_by_role("button", name="Sign up").click()
    # The page follows by itself.
    expect(page.locator("[data-status=delivered]")).to_be_visible(timeout=15_000)

    page.goto(f"{stack.sandbox_url}/?lang=en#{mobile}")
    bubble = page.locator(f".bubble.message[data-mobile='{mobile}']").last
    expect(bubble).to_contain_text("【互亿无线】欢迎注册！")
    expect(bubble).to_have_attribute("data-receipt", "acknowledged")
    page.locator("#reply-text").fill("我是真人")
    page.locator("#reply-send").click()
    expect(page.locator(f".bubble.reply[data-mobile='{mobile}']")).to_have_attribute("data-push", "acknowledged")

    page.goto(f"{stack.site_url}/admin/")
    page.get_by_label("Mobile").fill(STAFF_MOBILE)
    page.get_by_label("Password").fill(STAFF_PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("link", name="Messages", exact=True).first.click()
    row = page.locator("#result_list tbody tr", has_text=mobile).first
    expect(row).to_contain_text("delivered")
    page.goto(f"{stack.site_url}/admin/django_ihuyi/reply/?q={mobile}")
    page.locator("#result_list tbody tr").get_by_role("link").first.click()
    expect(page.get_by_text("我是真人")).to_be_visible()


def test_the_site_is_there_in_both_languages_and_on_small_screens(stack: Stack, page: Page) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    for path in ("/", "/sign-up/", "/log-in/"):
        page.goto(stack.site_url + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, path
    page.get_by_role("button", name="简体中文").click()
    expect(page.locator("html")).to_have_attribute("lang", re.compile("zh-hans"))
