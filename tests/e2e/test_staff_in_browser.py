"""The admin in Chromium as staff of each kind see it: in both languages, wide and narrow, by keyboard."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page, expect

from example_project.processes import ROOT

from .processes import Stack, new_mobile, new_password
from .staff_data import REPLY, TEXT

pytestmark = [pytest.mark.e2e, pytest.mark.service("chromium")]

_TABLES = ("message", "receipt", "reply", "batch", "optout", "balancereading", "template")
VIEW = [f"view_{name}" for name in (*_TABLES, "accountstate", "verificationcode", "suspicion", "dashboard")]


@dataclass(frozen=True)
class Staff:
    """Somebody who logs in, and what they may do."""

    permissions: tuple[str, ...]
    mobile: str
    password: str


@dataclass(frozen=True)
class Office:
    """The site with rows to look at and staff of each kind."""

    stack: Stack
    mobile: str
    staff: dict[str, Staff]
    pks: dict[str, int]

    def log_in(self, page: Page, kind: str) -> None:
        """Log somebody in."""
        page.goto(f"{self.stack.site_url}/admin/")
        page.locator("[name=username]").fill(self.staff[kind].mobile)
        page.locator("[name=password]").fill(self.staff[kind].password)
        page.locator("[type=submit]").click()
        page.wait_for_url("**/admin/")

    def url(self, name: str) -> str:
        """Return the address of a page that has this name in :meth:`pages`."""
        label = LABELS.get(name.partition("/")[0], "django_ihuyi")
        return f"{self.stack.site_url}/admin/{label}/{name}/"

    def pages(self) -> list[str]:
        """The addresses of all pages, below that of their app in the admin."""
        rows = {name: pk for name, pk in self.pks.items() if name != "rejected"}
        more = ["accountstate", "suspicion", "dashboard", f"reply/conversation/reply/{self.pks['reply']}"]
        return [*rows, *(f"{name}/{pk}/change" for name, pk in rows.items()), *more]


LABELS = {
    "dashboard": "ihuyi_dashboard",
    "suspicion": "ihuyi_verification",
    "verificationcode": "ihuyi_verification",
    "webhookdelivery": "ihuyi_webhooks",
    "webhookendpoint": "ihuyi_webhooks",
}
"""The apps of pages that are not the core's."""
PERMISSIONS = {
    "none": (),
    "masked": VIEW,
    "whole": (*VIEW, "view_unmasked"),
    "resend": (*VIEW, "resend_messages"),
    "export": (*VIEW, "export_messages"),
}


@pytest.fixture(scope="module")
def office(stack: Stack) -> Office:
    """Rows of one number, and five people."""
    staff = {kind: Staff(tuple(may), new_mobile(), new_password()) for kind, may in PERMISSIONS.items()}
    stack.secrets |= {one.password: "password" for one in staff.values()}
    mobile = new_mobile()
    wanted = json.dumps({"mobile": mobile, "staff": {kind: vars(one) for kind, one in staff.items()}})
    command = [sys.executable, "-m", "tests.e2e.staff_data"]
    made = subprocess.run(
        command, input=wanted, env=stack.environment, cwd=ROOT, check=True, capture_output=True, text=True
    )
    return Office(stack, mobile, staff, json.loads(made.stdout))


ROUNDS = [("en-GB", 1280), ("zh-CN", 360)]


@pytest.mark.parametrize("kind", PERMISSIONS)
@pytest.mark.parametrize(("language", "width"), ROUNDS, ids=["English, wide", "Chinese, narrow"])
def test_a_round_through_all_pages(office: Office, browser: Browser, kind: str, language: str, width: int) -> None:
    page = browser.new_page(locale=language, viewport={"width": width, "height": 800})
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda line: complaints.append(line.text) if line.type in {"error", "warning"} else None)
    office.log_in(page, kind)
    assert (page.locator("#content a[href*='django_ihuyi/message/']").count() > 0) is (kind != "none")
    found = {}
    for name in office.pages():
        answer = page.goto(office.url(name))
        assert answer is not None
        found[name] = answer.status
        if kind == "none":
            continue
        html = page.content()
        assert (office.mobile in html) <= (kind == "whole"), name
        # A template is no message: its text is for all who may see templates.
        assert not name.startswith("message") or (TEXT in html) == (kind == "whole" and "change" in name), name
        assert (REPLY in html) <= (kind == "whole"), name
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
        assert page.locator("h1").first.inner_text(), name
    assert set(found.values()) == ({403} if kind == "none" else {200}), found
    assert [line for line in complaints if kind != "none" or "403" not in line] == []


@pytest.mark.parametrize("kind", ["masked", "whole", "resend", "export"])
def test_only_what_one_may_do_is_offered(office: Office, page: Page, kind: str) -> None:
    office.log_in(page, kind)
    page.goto(f"{office.stack.site_url}/admin/django_ihuyi/message/")
    assert page.get_by_role("link", name="Export…").count() == (kind == "export")
    assert page.locator("option[value=send_again]").count() == (kind == "resend")
    page.goto(f"{office.stack.site_url}/admin/django_ihuyi/message/{office.pks['rejected']}/change/")
    assert page.get_by_role("button", name="Resend").count() == (kind == "resend")
    page.goto(office.url(office.pages()[-1]))
    assert page.locator("[name=content]").count() == 0
    assert (office.mobile in page.content()) == (kind == "whole")


def _tab_to(page: Page, words: str) -> None:
    """Press Tab until what has the focus says just that, and see that the focus is visible wherever it is."""
    for _ in range(80):
        page.keyboard.press("Tab")
        said, outlined = page.evaluate(
            """() => {
                const has = document.activeElement, style = getComputedStyle(has);
                if (has === document.body) return ['', true];
                const outlined = style.outlineStyle !== 'none' || style.boxShadow !== 'none'
                    || style.textDecorationLine !== 'none' || style.borderStyle !== 'none';
                const said = has.innerText || (has.type === 'submit' && has.value) || has.ariaLabel || '';
                return [said.trim(), outlined];
            }"""
        )
        assert outlined or not said, f"nobody sees that {said!r} has the focus"
        # Style sheets may write it in capitals.
        if said.removesuffix("…").casefold() == words.casefold():
            return
    raise AssertionError(f"Tab does not lead to {words!r}")


def test_sending_again_by_keyboard_alone(office: Office, page: Page) -> None:
    office.log_in(page, "resend")
    page.goto(f"{office.stack.site_url}/admin/django_ihuyi/message/?q={office.mobile}")
    rejected = office.pks["rejected"]
    _tab_to(page, str(rejected))
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/message/{rejected}/change/**")
    _tab_to(page, "Resend")
    page.keyboard.press("Enter")
    page.wait_for_url("**/act/send_again/")
    _tab_to(page, "Resend")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/message/{rejected}/change/**")
    expect(page.locator(".messagelist .success")).to_be_visible()


def test_the_conversation_from_a_reply_by_keyboard(office: Office, page: Page) -> None:
    office.log_in(page, "whole")
    page.goto(f"{office.stack.site_url}/admin/django_ihuyi/reply/{office.pks['reply']}/change/")
    _tab_to(page, "Conversation")
    page.keyboard.press("Enter")
    page.wait_for_url("**/conversation/reply/**")
    expect(page.locator(".ihuyi-thread .ihuyi-reply")).to_contain_text(REPLY)
    _tab_to(page, f"SMS {office.pks['message']}")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/message/{office.pks['message']}/change/")
