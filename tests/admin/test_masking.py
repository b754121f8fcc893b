"""What is and is not in the pages, for each kind of staff."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.db.models import Model

from django_ihuyi.admin.field_masking import display_content, display_gateway_text
from django_ihuyi.admin.mobile_search import MobileSearchMixin
from django_ihuyi.contrib.otp.models import SmsDevice
from django_ihuyi.masking import HIDDEN
from django_ihuyi.models import Message, OptOut, Receipt, Reply
from django_ihuyi.verification.models import VerificationCode

from .conftest import MASKED, MOBILE, SMSID, StaffClient, make_code, make_device, make_message, make_receipt, make_reply
from .urls import html, list_url, page_url

SECRETS = {"the text": "订单已发货", "the reply": "收到谢谢", "metadata": "王小明", "the key": "order-7"}
WHOLE = ["whole", "superuser"]


@pytest.mark.parametrize("model", [Message, Receipt, Reply])
def test_masked_readers_see_masked_numbers_and_no_texts(
    model: type[Model], staff: StaffClient, delivered: Message
) -> None:
    Receipt.objects.update(msg=f"FAILED {MOBILE}", code=0)
    Message.objects.update(receipt_msg=f"FAILED {MOBILE}", status="undelivered", receipt_code=0)
    client = staff("masked")
    row = model._default_manager.get()
    for url in (list_url(model), page_url(row), page_url(row, "history")):
        page = html(client, url)
        assert MOBILE not in page, url
        for what, secret in SECRETS.items():
            assert secret not in page, (url, what)
    assert MASKED in html(client, list_url(model))
    assert MASKED in html(client, page_url(row))
    assert SMSID in html(client, list_url(model))


@pytest.mark.parametrize("kind", WHOLE)
def test_others_see_whole_numbers_everywhere_and_texts_on_pages(
    kind: str, staff: StaffClient, delivered: Message
) -> None:
    client = staff(kind)
    page = html(client, page_url(delivered))
    assert all(secret in page for secret in SECRETS.values())
    assert MOBILE in page
    assert "收到谢谢" in html(client, page_url(Reply.objects.get()))
    for model in (Message, Receipt, Reply):
        assert MOBILE in html(client, list_url(model))
        assert MOBILE in html(client, page_url(model._default_manager.get()))


@pytest.mark.parametrize("kind", ["masked", *WHOLE])
@pytest.mark.parametrize("model", [Message, Receipt, Reply])
def test_no_list_shows_or_reads_a_text(
    kind: str, model: type[Model], staff: StaffClient, delivered: Message, django_assert_num_queries: object
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client = staff(kind)
    with CaptureQueriesContext(connection) as queries:
        page = html(client, list_url(model))
    assert not any(secret in page for secret in SECRETS.values())
    table = model._meta.db_table
    assert not any(f'"{table}"."content"' in query["sql"] for query in queries)


@pytest.mark.parametrize("kind", ["masked", *WHOLE])
def test_a_verification_code_is_shown_to_nobody(kind: str, staff: StaffClient, db: None) -> None:
    message = make_message(
        content="您的验证码是：482913。",
        category="verification",
        status=Message.Status.REJECTED,
        code=407,
        msg="短信内容【您的验证码是：482913】含有敏感字符",
    )
    page = html(staff(kind), page_url(message))
    assert "482913" not in page
    assert ("您的验证码是" in page) is (kind != "masked")
    assert "含有敏感字符" in page


@pytest.mark.parametrize(
    ("values", "whole", "shown"),
    [
        ({"content": "您的订单 7 已发货"}, True, "您的订单 7 已发货"),
        ({"content": "您的订单 7 已发货"}, False, "••••••••••"),
        ({"content": "验证码：1234", "category": "verification"}, True, f"验证码：{HIDDEN}"),
        ({"content": "验证码：A7k9，10 分钟", "category": "verification"}, True, f"验证码：{HIDDEN}，{HIDDEN} 分钟"),
        ({"content": "验证码：１２３４", "category": "verification"}, True, f"验证码：{HIDDEN}"),
        ({"content": "验证码：1234", "category": "verification"}, False, "••••••••"),
        ({"content": "KQXW|5", "category": "verification", "template": "1"}, True, f"{HIDDEN}|{HIDDEN}"),
        ({"content": "7|顺丰", "template": "9"}, True, "7|顺丰"),
    ],
    ids=["whole", "masked", "code", "letters and digits", "full-width", "masked code", "template", "other template"],
)
def test_shown_text(values: dict[str, str], whole: bool, shown: str) -> None:
    assert display_content(Message(**values), whole=whole) == shown


@pytest.mark.parametrize(
    ("words", "values", "whole", "shown"),
    [
        ("提交成功", {"content": "订单已发货"}, False, "提交成功"),
        ("含有敏感字符【订单已发货】", {"content": "订单已发货。"}, True, "含有敏感字符【订单已发货】"),
        ("含有敏感字符【订单已发货】", {"content": "订单已发货。"}, False, f"含有敏感字符【{HIDDEN}】"),
        ("甲乙丙丁和戊己庚辛", {"content": "戊己庚辛甲乙丙丁"}, False, f"{HIDDEN}和{HIDDEN}"),
        ("错【••••••】", {"content": "••••••"}, False, f"错【{HIDDEN}】"),
        (f"{MOBILE}超限", {"content": "x"}, False, f"{MASKED}超限"),
        (f"{MOBILE}超限", {"content": "x"}, True, f"{MOBILE}超限"),
        ("码1234错，【5】条", {"content": "码12和1234", "category": "verification"}, True, f"码{HIDDEN}错，【5】条"),
    ],
    ids=["nothing quoted", "whole", "quoted", "quoted twice", "dots", "number", "whole number", "longest code first"],
)
def test_shown_words(words: str, values: dict[str, str], whole: bool, shown: str) -> None:
    assert display_gateway_text(words, Message(mobile=MOBILE, **values), whole=whole) == shown


@pytest.mark.parametrize(
    "query",
    [
        "?mobile__startswith=1380013",
        "?mobile=13800138000",
        "?content__contains=订单",
        "?metadata__customer=王小明",
        "?idempotency_key__startswith=order",
        "?receipts__mobile__startswith=1380",
        "?replies__content__contains=收到",
        "?status=delivered&content__gt=a",
    ],
)
def test_an_address_cannot_ask_for_what_the_mask_hides(query: str, staff: StaffClient, delivered: Message) -> None:
    assert staff("masked").get(list_url(Message, query)).status_code == 400


@pytest.mark.parametrize(("model", "query"), [(Receipt, "?mobile__startswith=138"), (Reply, "?content__contains=收到")])
def test_nor_on_the_other_lists(model: type[Model], query: str, staff: StaffClient, delivered: Message) -> None:
    assert staff("masked").get(list_url(model, query)).status_code == 400


def test_the_link_to_all_receipts_names_no_number(staff: StaffClient, delivered: Message) -> None:
    for _count in range(51):
        make_receipt(delivered)
    client = staff("masked")
    page = html(client, page_url(delivered))
    url = list_url(Receipt, f"?message__id__exact={delivered.pk}")
    assert url in page
    assert client.get(url).context["cl"].result_count == 52


def test_names_of_rows_are_no_leak(staff: StaffClient, delivered: Message) -> None:
    for row in (delivered, Receipt.objects.get(), Reply.objects.get()):
        assert MOBILE not in f"{row}{row!r}"


WITH_NUMBERS = [
    model
    for model in admin.site._registry
    if model.__module__.startswith("django_ihuyi.") and "mobile" in {field.name for field in model._meta.fields}
]
"""All tables of the package, contrib's included, that have pages and a number."""
ROWS: dict[type[Model], Callable[[], Model]] = {
    Message: make_message,
    OptOut: lambda: OptOut.objects.create(mobile=MOBILE),
    Receipt: make_receipt,
    Reply: make_reply,
    SmsDevice: make_device,
    VerificationCode: make_code,
}


def test_every_table_with_pages_and_a_number__is_walked_below() -> None:
    assert set(WITH_NUMBERS) == set(ROWS)
    assert all(isinstance(admin.site._registry[model], MobileSearchMixin) for model in WITH_NUMBERS)


def urls_of(row: Model) -> list[str]:
    """The addresses of a row's pages that everybody may open who may view it."""
    return [list_url(type(row)), page_url(row), page_url(row, "history")]


@pytest.mark.parametrize("model", WITH_NUMBERS)
def test_no_page_of_a_table__for_who_sees_masks__has_the_number(model: type[Model], staff: StaffClient) -> None:
    row = ROWS[model]()
    client = staff("masked")
    for url in urls_of(row):
        assert MOBILE not in html(client, url), url
    assert MASKED in html(client, page_url(row))
    assert MOBILE not in f"{row}{row!r}"
    assert not LogEntry.objects.exists()


@pytest.mark.parametrize("model", WITH_NUMBERS)
def test_the_pages_of_a_table__for_who_sees_all__are_whole_and_noted(model: type[Model], staff: StaffClient) -> None:
    row = ROWS[model]()
    client = staff("whole")
    assert MOBILE in html(client, list_url(model))
    assert MOBILE in html(client, page_url(row))
    assert LogEntry.objects.filter(content_type__model=model._meta.model_name).count() == 2
    assert not LogEntry.objects.filter(object_repr__contains=MOBILE).exists()


@pytest.mark.parametrize("model", WITH_NUMBERS)
@pytest.mark.parametrize("text", ["1380013", "13800138", "0138000", "138%", "phone", "x"])
def test_a_search__for_a_part__finds_nothing(model: type[Model], text: str, staff: StaffClient) -> None:
    ROWS[model]()
    answer = staff("masked").get(list_url(model), {"q": text})
    assert len(answer.context["cl"].result_list) == 0


@pytest.mark.parametrize("model", WITH_NUMBERS)
@pytest.mark.parametrize("text", ["13800138000", "+86 138-0013-8000"])
def test_a_search__for_a_whole_number__finds_it_and_is_noted(model: type[Model], text: str, staff: StaffClient) -> None:
    row = ROWS[model]()
    answer = staff("masked").get(list_url(model), {"q": text})
    assert [found.pk for found in answer.context["cl"].result_list] == [row.pk]
    assert LogEntry.objects.get().change_message == f"Searched for the number {MASKED}."


@pytest.mark.parametrize("model", WITH_NUMBERS)
@pytest.mark.parametrize(
    "query", ["?mobile__startswith=138", "?mobile=13800138000", "?mobile__regex=^138", "?user__username__startswith=1"]
)
def test_an_address_of_a_table__cannot_ask_for_what_the_mask_hides(
    model: type[Model], query: str, staff: StaffClient
) -> None:
    ROWS[model]()
    assert staff("masked").get(list_url(model, query)).status_code == 400


@pytest.mark.parametrize("model", WITH_NUMBERS)
def test_a_table__without_the_permission_to_view__shows_nothing(model: type[Model], staff: StaffClient) -> None:
    row = ROWS[model]()
    client = staff("none")
    assert [client.get(url).status_code for url in urls_of(row)] == [403] * 3
