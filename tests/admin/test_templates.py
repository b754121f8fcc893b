"""The pages of templates: registering, changing, handing in, and who may."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.messages import get_messages
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from django_ihuyi.admin.template import TemplateAdmin
from django_ihuyi.admin.template_form import TemplateForm
from django_ihuyi.models import Template, TemplateReview
from tests.fakes import FakeGateway, SubmittedCall
from tests.sending.template_factory import SHIPPED, register

from .conftest import StaffClient
from .urls import html, list_url, page_url

pytestmark = pytest.mark.django_db

ADD = "/admin/django_ihuyi/template/add/"
WRITTEN = {
    "name": "order-shipped",
    "account": "default",
    "text": SHIPPED,
    "variables": "order\n\n when ",
    "template_id": "",
}


@pytest.fixture
def keeper(staff: StaffClient) -> Client:
    """Staff who keep the registry."""
    return staff("only", *(f"{verb}_template" for verb in ("view", "add", "change", "delete", "submit")))


def draft(**values: Any) -> Template:
    return register(**{"template_id": None, "state": "draft", **values})


def submit_url(template: Template) -> str:
    return reverse("admin:django_ihuyi_template_submit", args=[template.pk])


@pytest.mark.parametrize(("template_id", "state"), [("", "draft"), (" 1001 ", "passed")])
def test_registering(keeper: Client, template_id: str, state: str) -> None:
    assert keeper.get(ADD).status_code == 200
    answer = keeper.post(ADD, {**WRITTEN, "template_id": template_id})
    assert answer.status_code == 302, answer.context["errors"]
    template = Template.objects.get()
    assert (template.variables, template.state, template.template_id) == (
        ["order", "when"],
        state,
        template_id.strip() or None,
    )


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "1001"),
        ("name", "Order shipped"),
        ("name", "taken"),
        ("account", "shop"),
        ("text", f"【互亿无线】{SHIPPED}"),
        ("text", ""),
        ("variables", "order"),
        ("variables", "order\norder"),
        ("template_id", "abc"),
        ("template_id", "0"),
    ],
)
def test_what_cannot_be_registered(keeper: Client, field: str, value: str) -> None:
    register("taken", template_id="7")
    answer = keeper.post(ADD, {**WRITTEN, field: value})
    assert answer.status_code == 200
    assert field in answer.context["adminform"].form.errors
    assert Template.objects.count() == 1


@pytest.mark.parametrize("state", Template.State.values)
def test_a_text_is_changed_only_while_the_gateway_has_not_passed_it(keeper: Client, state: str) -> None:
    template = register(state=state, template_id=None if state == "draft" else "1001", msg="before")
    editable = state in {"draft", "refused"}
    answer = keeper.post(page_url(template), {**WRITTEN, "text": "新【变量】【变量】"})
    assert answer.status_code == (302 if editable else 403)
    template.refresh_from_db()
    assert (template.text, template.state, template.msg) == (
        ("新【变量】【变量】", "draft", "") if editable else (SHIPPED, state, "before")
    )
    assert (submit_url(template) in html(keeper, page_url(template))) is editable


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        ({"text": "新【变量】【变量】"}, ("draft", None, "")),
        ({"name": "renamed"}, ("refused", "1001", "含有广告")),
        ({"template_id": "2002"}, ("passed", "2002", "含有广告")),
    ],
    ids=["a new text", "a new name", "another id"],
)
def test_what_a_change_makes_of_a_refused_one(keeper: Client, change: dict[str, str], wanted: tuple[Any, ...]) -> None:
    template = register(state="refused", msg="含有广告")
    keeper.post(page_url(template), {**WRITTEN, "template_id": "1001", **change})
    template.refresh_from_db()
    assert (template.state, template.template_id, template.msg) == wanted


def test_nothing_is_written_over_what_was_handed_in_meanwhile(keeper: Client) -> None:
    template = draft()
    page = TemplateAdmin(Template, admin.site)
    request = RequestFactory().post("/")
    SessionMiddleware(lambda _request: HttpResponse()).process_request(request)
    MessageMiddleware(lambda _request: HttpResponse()).process_request(request)
    form = TemplateForm({**WRITTEN, "text": "x【变量】【变量】"}, instance=Template.objects.get())
    assert form.is_valid()
    Template.objects.update(state="in_review", template_id="1001")
    page.save_model(request, form.save(commit=False), form, change=True)
    assert "Nothing was saved" in str(next(iter(get_messages(request))))
    template.refresh_from_db()
    assert (template.text, template.state) == (SHIPPED, "in_review")


ANSWERS = [
    ("taken", {"code": 2, "msg": "", "templateid": 1001}, "Handed in.", ("in_review", "1001"), True),
    ("refused", {"code": 407, "msg": ""}, "code 407", ("draft", None), False),
    ("not sent", requests.exceptions.ConnectTimeout(), "could not be reached", ("draft", None), False),
    ("no answer", SubmittedCall((500, b"")), "No answer came", ("in_review", None), True),
]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("answer", "says", "wanted", "logged"), [row[1:] for row in ANSWERS], ids=[row[0] for row in ANSWERS]
)
def test_handing_in(
    wire: FakeGateway, keeper: Client, answer: Any, says: str, wanted: tuple[str, str | None], logged: bool
) -> None:
    template = draft()
    assert SHIPPED in html(keeper, submit_url(template))
    assert wire.forms == []
    wire.answer(answer)
    page = keeper.post(submit_url(template), follow=True).content.decode()
    assert says in page
    template.refresh_from_db()
    assert (template.state, template.template_id) == wanted
    assert LogEntry.objects.count() == 1
    if wanted[0] == "in_review":
        assert "already" in keeper.post(submit_url(template), follow=True).content.decode()
        assert "already" in html(keeper, submit_url(template))
        assert (len(wire.forms), LogEntry.objects.count()) == (1, 1)


@pytest.mark.django_db(transaction=True)
def test_an_id_by_hand_where_no_answer_came(keeper: Client) -> None:
    template = draft(state="in_review")
    assert keeper.post(page_url(template), {"template_id": ""}).status_code == 302
    assert Template.objects.get().lacks_id
    other = register("other")
    for wrong in ("abc", "1001"):
        answer = keeper.post(page_url(template), {"template_id": wrong})
        assert answer.context["adminform"].form.errors.keys() == {"template_id"}
        assert Template.objects.get(pk=template.pk).lacks_id
    other.delete()
    TemplateReview.objects.receive(TemplateReview(templateid="1001", code=0, msg="含有广告"))
    assert keeper.post(page_url(template), {"template_id": "1001", "text": "x"}).status_code == 302
    template.refresh_from_db()
    assert (template.state, template.template_id, template.text) == ("refused", "1001", SHIPPED)


@pytest.mark.django_db(transaction=True)
def test_an_account_that_is_gone(keeper: Client, wire: FakeGateway) -> None:
    template = draft(account="gone")
    assert "does not stand in the settings" in keeper.post(submit_url(template), follow=True).content.decode()
    assert Template.objects.get().state == "draft"
    assert not LogEntry.objects.exists()


@pytest.mark.parametrize("lacking", ["view", "add", "change", "delete", "submit"])
def test_each_permission_is_its_own(staff: StaffClient, lacking: str) -> None:
    template = draft()
    verbs = [verb for verb in ("view", "add", "change", "delete", "submit") if verb != lacking]
    client = staff("only", *(f"{verb}_template" for verb in verbs))
    urls = {"add": ADD, "delete": page_url(template, "delete"), "submit": submit_url(template)}
    got = {verb: client.get(url).status_code for verb, url in urls.items()}
    assert got == {verb: 403 if verb == lacking else 200 for verb in urls}
    changed = client.post(page_url(template), {**WRITTEN, "name": "changed"}).status_code
    assert changed == (403 if lacking == "change" else 302)


def test_nobody_hands_in_what_is_not_there(keeper: Client) -> None:
    assert keeper.post("/admin/django_ihuyi/template/999999999/submit/").status_code == 404


def test_lists_and_reviews(staff: StaffClient, django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    template = register(msg="审核通过")
    for code in (0, 2, 7):
        review = TemplateReview(templateid="1001", code=code, msg=f"words {code}")
        TemplateReview.objects.receive(review)
    TemplateReview.objects.receive(TemplateReview(templateid="9", code=2))
    client = staff("only", "view_template", "view_templatereview")
    client.get(list_url(Template))
    with django_assert_max_num_queries(8):
        assert "order-shipped" in html(client, list_url(Template, "?state__exact=passed"))
    with django_assert_max_num_queries(8):
        page = html(client, list_url(TemplateReview))
    assert "words 7" in page
    assert "not known" in page
    page = html(client, page_url(template))
    assert [page.count(f"words {code}") >= 1 for code in (0, 2, 7)] == [True] * 3
    assert html(client, page_url(review))
    assert html(client, page_url(template, "history"))
