"""Templates and the test send as staff use them, in Chromium: handed in, passed by a push, sent, watched."""

from __future__ import annotations

import time

import pytest
import requests
from playwright.sync_api import Page, Route, expect

from .processes import STAFF_MOBILE, STAFF_PASSWORD, Stack, new_mobile

pytestmark = [pytest.mark.e2e, pytest.mark.service("chromium")]


def _late(route: Route) -> None:
    time.sleep(0.5)
    route.continue_()


def test_a_template_is_handed_in_passed_and_a_test_message_watched(stack: Stack, page: Page) -> None:
    page.goto(f"{stack.site_url}/admin/")
    page.get_by_label("Mobile").fill(STAFF_MOBILE)
    page.get_by_label("Password").fill(STAFF_PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.goto(f"{stack.site_url}/admin/django_ihuyi/template/add/")
    page.get_by_label("Name").fill("parcel-waits")
    page.get_by_label("Text").fill("您的包裹【变量】已到。")
    page.get_by_label("Variables").fill("parcel")
    page.get_by_role("button", name="Save and continue editing").click()
    page.get_by_role("link", name="Hand in for review").click()
    page.get_by_role("button", name="Yes, hand it in").click()
    badge = page.locator(".field-state_badge .ihuyi-badge")
    expect(badge).to_contain_text("in review")
    templateid = int(page.locator(".field-template_id .readonly").inner_text())
    review = {"templateid": templateid, "passed": True}
    assert requests.post(f"{stack.sandbox_url}/sandbox/template-review", json=review, timeout=5).ok

    def passed() -> bool:
        page.reload()
        return "passed" in badge.inner_text()

    for _ in range(20):
        if passed():
            break
        page.wait_for_timeout(250)
    page.goto(f"{stack.site_url}/admin/django_ihuyi/template/")
    page.get_by_role("link", name="Test send").click()
    page.get_by_label("Mobile").fill(new_mobile())
    result = page.locator("[data-ihuyi-result]")
    page.get_by_label("Text").fill("您的包裹到了。")
    expect(result).to_contain_text("4072")
    # Typed while the script is on its way: tried when it has come.
    page.route("**/test_send.js", _late)
    page.goto(page.url, wait_until="commit")
    page.get_by_label("Text").fill("您的包裹到了。")
    expect(result).to_contain_text("4072")
    page.get_by_label("Mobile").fill(new_mobile())
    page.get_by_label("Text").fill("您的包裹7已到。")
    expect(result).to_contain_text("The text fits the approved template “parcel-waits”.")
    page.get_by_role("button", name="Send").click()
    # The page follows by itself.
    expect(page.locator("[data-status=delivered]")).to_be_visible(timeout=15_000)
