"""The dashboard in Chromium, under a policy that allows nothing but the site's own files."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, Route, expect

from .processes import STAFF_MOBILE, STAFF_PASSWORD, Stack

pytestmark = [pytest.mark.e2e, pytest.mark.service("chromium")]


def _strictly(route: Route) -> None:
    answer = route.fetch()
    route.fulfill(response=answer, headers={**answer.headers, "content-security-policy": "default-src 'self'"})


def test_charts_are_drawn_and_have_tables_in_both_languages_and_widths(stack: Stack, page: Page) -> None:
    complaints: list[str] = []
    page.goto(f"{stack.site_url}/admin/")
    page.locator("[name=username]").fill(STAFF_MOBILE)
    page.locator("[name=password]").fill(STAFF_PASSWORD)
    page.locator("[type=submit]").click()
    page.wait_for_url("**/admin/")
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.route("**/dashboard/*", _strictly)
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(f"{stack.site_url}/admin/ihuyi_dashboard/dashboard/?range=today")
    drawn = page.locator(".ihuyi-canvas canvas")
    expect(drawn.first).to_be_visible()
    assert drawn.first.evaluate(
        "canvas => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some(Boolean)"
    )
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    tables = page.locator(".ihuyi-chart details")
    assert not tables.first.evaluate("details => details.open")
    page.locator(".ihuyi-chart summary").first.press("Enter")
    assert tables.first.evaluate("details => details.open")
    # On paper, and after a change of colours, everything is there as well.
    page.evaluate("window.dispatchEvent(new Event('beforeprint')); window.dispatchEvent(new Event('afterprint'))")
    assert tables.evaluate_all("all => all.every(details => details.open)")
    page.emulate_media(color_scheme="dark")
    expect(drawn.first).to_be_visible()
    assert complaints == []
