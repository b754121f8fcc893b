"""The pages with a code as people use them, in Chromium: by mouse, by keyboard, under a strict policy, on a phone."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, Route, expect

from .processes import Stack, new_mobile, new_password

pytestmark = [pytest.mark.e2e, pytest.mark.service("chromium")]

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'"
)


def _strict(page: Page) -> None:
    """Serve the site under a Content-Security-Policy; what it stops is an error in the console, which fails a test."""

    def with_policy(route: Route) -> None:
        response = route.fetch(max_redirects=0)
        route.fulfill(response=response, headers={**response.headers, "content-security-policy": _POLICY})

    page.route(re.compile(r"/(sign-up|log-in|password|number)/"), with_policy)


def _press_send(page: Page, mobile: str, answer: str = "a code is on its way to it") -> None:
    page.get_by_label("obile number").fill(mobile)
    captcha = page.get_by_label("What does the picture show?")
    if captcha.is_visible():
        captcha.fill("passed")
    page.get_by_role("button", name="Send code").click()
    expect(page.get_by_role("status").last).to_contain_text(answer)


def _submit(page: Page, name: str) -> None:
    page.get_by_role("main").get_by_role("button", name=name, exact=True).click()


def test_signing_up(stack: Stack, page: Page) -> None:
    _strict(page)
    mobile, password = new_mobile(), new_password()
    stack.secrets[password] = "password"
    page.goto(f"{stack.site_url}/sign-up/")
    _press_send(page, mobile)
    page.get_by_label("Code").fill(stack.code(mobile))
    page.get_by_label("Password").fill(password)
    _submit(page, "Sign up")
    expect(page.locator("[data-status=delivered]")).to_be_visible(timeout=15_000)


def test_logging_in_and_changing_the_number(stack: Stack, page: Page, expected_statuses: set[int]) -> None:
    _strict(page)
    mobile, another, password = new_mobile(), new_mobile(), new_password()
    stack.make_person(mobile, password)
    page.goto(f"{stack.site_url}/log-in/")
    page.get_by_role("link", name="Log in with a code").click()
    _press_send(page, mobile)
    page.get_by_label("Code").fill(stack.code(mobile))
    _submit(page, "Log in")
    expect(page.get_by_role("heading", name="Texts to your number")).to_be_visible()

    page.get_by_role("link", name="Change your number").click()
    _press_send(page, another)
    page.get_by_label("Code").fill(stack.code(another))
    page.get_by_label("Your password").fill(password)
    _submit(page, "Change the number")
    expect(page.get_by_text("Your number is changed.")).to_be_visible()

    page.get_by_role("button", name="Log out").click()
    page.goto(f"{stack.site_url}/password/reset/")
    # For something else, but the minute between two codes is the number's.
    expected_statuses.add(429)
    _press_send(page, another, "A code was asked for a moment ago.")
    expect(page.get_by_role("button", name=re.compile(r"Again in \d+ s"))).to_be_visible()


def test_resetting_the_password(stack: Stack, page: Page) -> None:
    _strict(page)
    mobile, password, new = new_mobile(), new_password(), new_password()
    stack.secrets |= {password: "password", new: "password"}
    stack.make_person(mobile, password)
    page.goto(f"{stack.site_url}/password/reset/")
    _press_send(page, mobile)
    page.get_by_label("Code").fill(stack.code(mobile))
    page.get_by_label("Password").fill(new)
    _submit(page, "Change the password")
    expect(page.get_by_text("Your password is changed.")).to_be_visible()
    page.get_by_label("Mobile number").fill(mobile)
    page.get_by_label("Password").fill(new)
    _submit(page, "Log in")
    expect(page).to_have_url(f"{stack.site_url}/")


def test_the_button_counts_down_and_keeps_its_place(stack: Stack, page: Page) -> None:
    page.clock.install()
    page.goto(f"{stack.site_url}/log-in/code/")
    _press_send(page, new_mobile())
    button = page.get_by_role("button", name=re.compile(r"Again in \d+ s"))
    expect(button).to_have_attribute("aria-disabled", "true")
    expect(page.get_by_label("Code")).to_be_focused()
    seconds = int(re.findall(r"\d+", button.inner_text())[0])
    assert 55 <= seconds <= 60
    # By keyboard: one step on, where the button still is, pressed in vain.
    page.keyboard.press("Tab")
    expect(button).to_be_focused()
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.keyboard.press("Enter")
    page.keyboard.press("Space")
    assert requests == []
    page.clock.run_for(30_000)
    assert int(re.findall(r"\d+", button.inner_text())[0]) <= seconds - 29
    # What is read out by itself is not the seconds.
    assert re.search(r"\d", page.get_by_role("status").last.inner_text()) is None
    page.clock.run_for(31_000)
    again = page.get_by_role("button", name="Send again")
    expect(again).not_to_have_attribute("aria-disabled", "true")
    expect(again).to_be_focused()


def test_enter_sends_the_form_and_no_code(stack: Stack, page: Page) -> None:
    page.goto(f"{stack.site_url}/log-in/code/")
    mobile = new_mobile()
    page.get_by_label("Mobile number").fill(mobile)
    page.get_by_label("Code").fill("123456")
    page.get_by_label("Code").press("Enter")
    expect(page.get_by_text("This code is wrong, too old or used up.")).to_be_visible()
    expect(page.get_by_label("Code")).to_have_attribute("aria-invalid", "true")
    assert stack.texts(mobile) == []


def test_a_number_that_is_none_is_marked_and_gets_the_focus(
    stack: Stack, page: Page, expected_statuses: set[int]
) -> None:
    page.goto(f"{stack.site_url}/log-in/code/")
    number = page.get_by_label("Mobile number")
    number.fill("12345")
    expected_statuses.add(400)
    page.get_by_role("button", name="Send code").click()
    expect(page.get_by_role("status").last).to_contain_text("Write its eleven digits")
    expect(number).to_have_attribute("aria-invalid", "true")
    expect(number).to_be_focused()


def test_a_new_code_takes_away_what_was_said_of_the_old_one(stack: Stack, page: Page) -> None:
    mobile, password = new_mobile(), new_password()
    stack.secrets[password] = "password"
    page.goto(f"{stack.site_url}/sign-up/")
    page.get_by_label("obile number").fill(mobile)
    page.get_by_label("Code").fill("000000")
    page.get_by_label("Password").fill(password)
    _submit(page, "Sign up")
    code = page.get_by_label("Code")
    expect(page.get_by_text("This code is wrong")).to_be_visible()
    expect(code).to_have_attribute("aria-invalid", "true")
    _press_send(page, mobile)
    expect(page.get_by_text("This code is wrong")).to_have_count(0)
    expect(code).not_to_have_attribute("aria-invalid", "true")


def test_a_captcha_that_is_wrong_is_replaced(stack: Stack, page: Page, expected_statuses: set[int]) -> None:
    page.goto(f"{stack.site_url}/sign-up/")
    before = page.locator("img.captcha").get_attribute("src")
    expected_statuses.add(403)
    page.get_by_label("Mobile number").fill(new_mobile())
    page.get_by_label("What does the picture show?").fill("nonsense")
    page.get_by_role("button", name="Send code").click()
    expect(page.get_by_role("status").last).to_contain_text("Here is another one.")
    expect(page.locator("img.captcha")).not_to_have_attribute("src", before or "")
    expect(page.get_by_label("What does the picture show?")).to_have_value("")


def test_without_javascript_the_button_posts_the_page(stack: Stack, page_without_javascript: Page) -> None:
    page, mobile = page_without_javascript, new_mobile()
    stack.make_person(mobile, new_password())
    page.goto(f"{stack.site_url}/log-in/code/")
    _press_send(page, mobile)
    expect(page.get_by_label("Mobile number")).to_have_value(mobile)
    page.get_by_label("Code").fill(stack.code(mobile))
    _submit(page, "Log in")
    expect(page.get_by_role("heading", name="Texts to your number")).to_be_visible()


@pytest.mark.parametrize("path", ["/sign-up/", "/log-in/code/", "/password/reset/"])
@pytest.mark.parametrize("locale", ["en-GB", "zh-CN"])
def test_it_fits_a_phone(stack: Stack, page: Page, path: str, locale: str) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    page.set_extra_http_headers({"Accept-Language": locale})
    page.goto(stack.site_url + path)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
