"""Makes the pictures of the documents: real processes, a morning's messages, and Chromium in both languages.

Run it in a checkout as ``python -m tests.docs.screenshots``; it writes ``docs/images/*.png``.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

from example_project.processes import ROOT
from tests import services
from tests.e2e.processes import STAFF_MOBILE, STAFF_PASSWORD, Stack, manage, wait_for

IMAGES = ROOT / "docs" / "images"
LANGUAGES = {"en": "en-GB", "zh-hans": "zh-CN"}
"""Each language of ours with the locale that its readers' browsers announce."""
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]

_CUSTOMER = "13800138000"
_PASSWORD = "tea-and-porcelain"
# The list is shown as those see it who may not see whole numbers.
_READER = ("13900139001", "masked-numbers-only")

_SEND = f"""
from datetime import timedelta
from django.contrib.auth.models import Permission
from django.utils import timezone
from django_ihuyi import send_sms
from example_project.users.models import Person

reader = Person(mobile={_READER[0]!r}, is_staff=True)
reader.set_password({_READER[1]!r})
Person.objects.bulk_create([reader])
names = ["view_message", "view_receipt", "view_reply", "view_accountstate"]
reader.user_permissions.set(Permission.objects.filter(codename__in=names))

send_sms("13700137001", "您的订单 1041 已发货，快递单号 SF1390041822，请注意查收。")
send_sms("13900000005", "您的订单 1042 已发货，快递单号 SF1390041823，请注意查收。")
send_sms("13700137002", "您预约的茶艺课将于明天 14:00 开始，地点：人民路 8 号二楼。")
send_sms("13900000011", "您的订单 1043 已发货，快递单号 SF1390041824，请注意查收。")
send_sms("13700137003", template=1, params=["4821"], category="verification")
send_sms("13800004085", template=1, params=["7306"], category="verification")
send_sms("13700137004", template=1, params=["1957"], category="verification")
send_sms("13700137005", "您的退款 68.00 元已原路退回，预计 1 至 3 个工作日到账。")
send_sms("13900000012", "新茶上市：明前龙井本周九折，退订回T", category="marketing")
send_sms("13700137006", "新茶上市：明前龙井本周九折，退订回T", category="marketing")
send_sms("13700137007", "您的订单 1044 将于明天 9:00 送达。", send_at=timezone.now() + timedelta(hours=20))
send_sms(
    {_CUSTOMER!r},
    "您的订单 1045 已发货，快递单号 SF1390041825，请注意查收。如需改约送货时间，请直接回复本短信。",
    idempotency_key="order-1045-shipped",
    metadata={{"order": 1045}},
)
"""

# The teahouse's last month, for the dashboard.
_MONTH = """
from django.utils import timezone
from tests.docs import sample_month

sample_month.record(timezone.now())
"""

# As if they had come in the course of the latest morning.
_SPREAD = """
from datetime import timedelta
from django.utils import timezone
from django_ihuyi.models import Message, Receipt, Reply

now = timezone.localtime()
end = now.replace(hour=11, minute=30)
end -= timedelta(days=end > now)
for number, message in enumerate(Message.objects.order_by("-id")):
    earlier = now - end + timedelta(minutes=number * 11 + 4, seconds=number * number % 47)
    for name in ("created_at", "submitted_at", "accepted_at", "reported_at"):
        moment = getattr(message, name)
        setattr(message, name, moment and moment - earlier)
    message.save()
    for model, fields in ((Receipt, ("received_at", "report_time")), (Reply, ("received_at", "reply_time"))):
        for row in model.objects.filter(message=message):
            for name in fields:
                setattr(row, name, getattr(row, name) - earlier)
            row.save()
"""


def main() -> int:
    """Write every picture.

    Returns:
        The exit status.
    """
    services.need("chromium")
    IMAGES.mkdir(exist_ok=True)
    for path in take(IMAGES):
        sys.stdout.write(f"{path.relative_to(ROOT)} {path.stat().st_size // 1024} KiB\n")
    return 0


def take(folder: Path, languages: Iterable[str] = tuple(LANGUAGES)) -> list[Path]:
    """Start everything, fill it, and take the pictures.

    Args:
        folder: Where they are written.
        languages: Which of :data:`LANGUAGES` to take them in.

    Returns:
        Their files.
    """
    with tempfile.TemporaryDirectory(prefix="ihuyi-screenshots-") as data, sync_playwright() as driver:
        stack = Stack(Path(data) / "data", IHUYI_ACCOUNT="cf_teahouse")
        try:
            stack.start()
            with closing(driver.chromium.launch(executable_path=services.chromium(), args=FLAGS)) as browser:
                _sign_up(stack, browser)
                _fill(stack, browser)
                return [path for language in languages for path in _in_language(stack, browser, language, folder)]
        finally:
            stack.stop()


@contextmanager
def _tab(browser: Browser, language: str, width: int = 1280, height: int = 800) -> Iterator[Page]:
    with closing(
        browser.new_context(
            locale=LANGUAGES[language],
            timezone_id="Asia/Shanghai",
            viewport={"width": width, "height": height},
            device_scale_factor=1,
            color_scheme="light",
            reduced_motion="reduce",
        )
    ) as context:
        page = context.new_page()
        page.set_default_timeout(20_000)
        yield page


def _sign_up(stack: Stack, browser: Browser) -> None:
    with _tab(browser, "en") as page:
        page.goto(f"{stack.site_url}/sign-up/")
        page.locator("[name=mobile]").fill(_CUSTOMER)
        page.locator("[name=captcha_1]").fill("passed")
        page.locator("[name=send_code]").click()
        page.locator("[name=code]").fill(stack.code(_CUSTOMER))
        page.locator("[name=password]").fill(_PASSWORD)
        page.locator("main button.wide").click()
        expect(page.locator("[data-status=delivered]")).to_be_visible()


def _fill(stack: Stack, browser: Browser) -> None:
    """Send a morning's messages, and answer one."""
    manage(stack.environment, "shell", "--no-imports", "--command", _SEND)
    staff = stack.staff()
    for waiting in ("queued", "submitting", "accepted"):
        # What is for tomorrow stays queued, and one number never gets a receipt.
        left = {"queued": 1, "submitting": 0, "accepted": 1}[waiting]
        wait_for(
            lambda: len(staff.admin_rows("message", f"&status__exact={waiting}")) == left,  # noqa: B023  used at once
            f"settling what is {waiting}",
            60,
        )
    staff.close()
    with _tab(browser, "en") as page:
        page.goto(f"{stack.sandbox_url}/#{_CUSTOMER}")
        page.locator("#reply-text").fill("请改到周六上午，谢谢")
        page.locator("#reply-send").click()
        expect(page.locator(".bubble.reply")).to_have_attribute("data-push", "acknowledged")
    manage(stack.environment, "shell", "--no-imports", "--command", _SPREAD)
    manage(stack.environment, "shell", "--no-imports", "--command", _MONTH)


def _in_language(stack: Stack, browser: Browser, language: str, folder: Path) -> Iterator[Path]:
    def picture(page: Page, name: str) -> Path:
        path = folder / f"{name}-{language}.png"
        page.screenshot(path=path, full_page=True, animations="disabled")
        return path

    with _tab(browser, language, height=600) as page:
        page.goto(f"{stack.site_url}/log-in/")
        page.locator("[name=username]").first.fill(_CUSTOMER)
        page.locator("[name=password]").first.fill(_PASSWORD)
        page.get_by_role("main").get_by_role("button").click()
        page.goto(f"{stack.site_url}/")
        yield picture(page, "site")
    with _tab(browser, language, height=560) as page:
        page.goto(f"{stack.site_url}/sign-up/")
        yield picture(page, "sign-up")
    with _tab(browser, language, height=820) as page:
        page.goto(f"{stack.sandbox_url}/?lang={language}#{_CUSTOMER}")
        expect(page.locator(".bubble.reply")).to_be_visible()
        yield picture(page, "phone")
    with _tab(browser, language, width=1540) as page:
        _log_in_to_admin(stack, page, *_READER)
        page.goto(f"{stack.site_url}/admin/django_ihuyi/message/")
        yield picture(page, "messages")
    with _tab(browser, language, height=1120) as page:
        _log_in_to_admin(stack, page, STAFF_MOBILE, STAFF_PASSWORD)
        page.goto(f"{stack.site_url}/admin/ihuyi_dashboard/dashboard/?range=30d")
        expect(page.locator(".ihuyi-canvas").first).to_be_visible()
        # The tables below say what the document says of them.
        path = folder / f"dashboard-{language}.png"
        page.screenshot(path=path, animations="disabled")
        yield path
    with _tab(browser, language, height=1680) as page:
        _log_in_to_admin(stack, page, STAFF_MOBILE, STAFF_PASSWORD)
        page.goto(f"{stack.site_url}/admin/django_ihuyi/message/?q={_CUSTOMER}")
        page.locator("#result_list tbody tr").first.get_by_role("link").first.click()
        yield picture(page, "message")


def _log_in_to_admin(stack: Stack, page: Page, mobile: str, password: str) -> None:
    page.goto(f"{stack.site_url}/admin/")
    page.locator("[name=username]").fill(mobile)
    page.locator("[name=password]").fill(password)
    page.locator("[type=submit]").click()
    page.wait_for_url("**/admin/")
    # The menu, which is the same on every page, is folded from here on.
    page.evaluate("localStorage.setItem('django.admin.navSidebarIsOpen', 'false')")


if __name__ == "__main__":
    sys.exit(main())
