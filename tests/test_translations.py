"""The Chinese catalogues: every text is in them, placeholders are kept, and the admin speaks one language at a time."""

from __future__ import annotations

import ast
import gettext
import re
from collections.abc import Iterator
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.apps import apps
from django.db.models import TextChoices
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from django_ihuyi.admin.carrier_codes import explain
from django_ihuyi.gateway.result_codes import CODES, lookup
from django_ihuyi.models import AccountState, Batch, Message, OptOut, Receipt, Reply

ROOT = Path(__file__).parents[1]
PACKAGES = ("django_ihuyi", "example_project")
MARKERS = {"_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy"}
"""The functions that mark texts: their first argument is one."""
MARKERS_IN_CONTEXT = {"pgettext", "pgettext_lazy"}
"""Those whose first argument is where a text belongs, and whose second is the text."""
CONTEXT_ENDS = "\x04"
"""What stands in a catalogue between the context and the text."""

COMPILED = "locale/zh_Hans/LC_MESSAGES/django.mo"
HOSTS = {
    app.name: Path(app.path) / COMPILED
    for app in apps.get_app_configs()
    if app.name != "django_ihuyi" and (Path(app.path) / COMPILED).exists()
}
"""The catalogues of the packages that a site may have beside this one."""

PLACEHOLDER = re.compile(r"%\(\w+\)[-+0 #]*\d*(?:\.\d+)?[a-z]|%[-+0 #]*\d*(?:\.\d+)?[dsr]|<[^>]+>")
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def catalogue(package: str) -> dict[str, str]:
    """A package's compiled catalogue: the English texts with their Chinese."""
    return read_catalogue(ROOT / package / COMPILED)


def read_catalogue(path: Path) -> dict[str, str]:
    """A compiled catalogue: the English texts with their Chinese."""
    with path.open("rb") as file:
        entries = gettext.GNUTranslations(file)._catalog  # type: ignore[attr-defined]  # gettext has no public way to list
    # A text with a plural stands in it as (singular, number of the form).
    return {key if isinstance(key, str) else key[0]: value for key, value in entries.items() if key}


def marked_texts(package: str) -> Iterator[str]:
    """The texts that a package's Python files mark for translation."""
    for path in sorted((ROOT / package).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
                continue
            taken = 1 if node.func.id in MARKERS else 2 if node.func.id in MARKERS_IN_CONTEXT else 0
            words = [word.value for word in node.args[:taken] if isinstance(word, ast.Constant)]
            if words and len(words) == taken:
                yield CONTEXT_ENDS.join(map(str, words))


def in_chinese(text: str) -> str:
    """What Django makes of an English text for Chinese readers."""
    with translation.override("zh-hans"):
        return translation.gettext(text)


@pytest.mark.parametrize("package", PACKAGES)
def test_every_marked_text_is_in_the_catalogue(package: str) -> None:
    # What is marked inside an f-string is seen here, and by xgettext only from 0.23 on: write it outside.
    wanted = set(marked_texts(package))
    assert len(wanted) > 40
    assert wanted - catalogue(package).keys() == set()


@pytest.mark.parametrize("package", PACKAGES)
def test_every_translation_is_chinese_and_keeps_the_placeholders(package: str) -> None:
    for english, chinese in catalogue(package).items():
        assert CHINESE.search(chinese), english
        assert sorted(PLACEHOLDER.findall(english)) == sorted(PLACEHOLDER.findall(chinese)), english


def test_both_catalogues_say_the_same_of_the_same() -> None:
    # Django merges them, so that of two translations of a text one would disappear.
    ours, sites = (catalogue(package) for package in PACKAGES)
    assert {text: (ours[text], sites[text]) for text in ours.keys() & sites if ours[text] != sites[text]} == {}


@pytest.mark.parametrize("app", HOSTS)
def test_no_other_package_overrides_a_text(app: str) -> None:
    # Of two translations of a text Django takes that of the package that stands first in INSTALLED_APPS, which may be
    # either. What clashes is marked with pgettext: a text in a context is ours alone.
    ours, theirs = catalogue("django_ihuyi"), read_catalogue(HOSTS[app])
    clashes = {text for text in ours.keys() & theirs if ours[text].strip() != theirs[text].strip()}
    assert {text: (ours[text], theirs[text]) for text in clashes} == {}


@pytest.mark.parametrize("number", [*CODES, 4999], ids=str)
def test_a_code_is_explained_in_chinese(number: int) -> None:
    code = lookup(number)
    for text in (code.meaning, code.action):
        assert CHINESE.search(in_chinese(text)), text


@pytest.mark.parametrize(
    "words", ["UNDELIV", "EXPIRED", "REJECTD", "ACCEPTD", "UNKNOWN", "BLACK", "MK:0001", "ID:0076"]
)
def test_carriers_words_are_explained_in_chinese(words: str) -> None:
    explanation = explain(words, delivered=False)
    assert explanation is not None
    for text in (explanation.meaning, explanation.advice):
        assert CHINESE.search(in_chinese(text)), text


@pytest.mark.parametrize("choice", [*Message.Status, *Message.Category], ids=str)
def test_statuses_and_categories_are_in_chinese(choice: TextChoices) -> None:
    with translation.override("zh-hans"):
        assert CHINESE.search(str(choice.label))


def test_statuses_can_be_told_apart_in_chinese() -> None:
    with translation.override("zh-hans"):
        assert len({str(status.label) for status in Message.Status}) == len(Message.Status)


class Visible(HTMLParser):
    """Collects the text that a reader sees on a page."""

    def __init__(self) -> None:
        super().__init__()
        self.text: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Leave out scripts and styles; take the words that are in attributes."""
        self._hidden += tag in {"script", "style"}
        self.text += [value for name, value in attrs if name in {"placeholder", "aria-label", "alt"} and value]

    def handle_endtag(self, tag: str) -> None:
        """Take up again behind a script or style."""
        self._hidden -= tag in {"script", "style"}

    def handle_data(self, data: str) -> None:
        """Take what is seen."""
        if not self._hidden and data.strip():
            self.text.append(" ".join(data.split()))


def english_on(page: str) -> set[str]:
    """Our own English texts on a page that is to be Chinese."""
    reader = Visible()
    reader.feed(page)
    shown = {text.lower().strip(" :：") for text in reader.text}
    whole = "\n".join(shown)
    marked = (text.rpartition(CONTEXT_ENDS)[2] for text in catalogue("django_ihuyi"))
    texts = {text.lower() for text in marked if "%" not in text}
    # Short ones are common words, which may well be in a name: only alone they are ours.
    return {text for text in texts if (text in whole if " " in text else text in shown)}


def make_message(status: str, code: int | None) -> Message:
    """Record a message in a status, with whatever a status may have."""
    now = timezone.now()
    return Message.objects.create(
        mobile="13800138000",
        content="您的订单已发货。",
        status=status,
        code=code,
        smsid=None if status == "queued" else f"158702469566968{Message.objects.count():05}",
        template="1",
        submitted_at=now,
        accepted_at=now if status in {"accepted", "delivered", "undelivered"} else None,
        claimed_until=now if status == "submitting" else None,
        expires_at=now + timedelta(hours=1),
        reported_at=now if status in {"delivered", "undelivered"} else None,
        receipt_code={"delivered": 2, "undelivered": 0}.get(status),
        receipt_msg={"delivered": "DELIVRD", "undelivered": "UNDELIV"}.get(status, ""),
    )


@pytest.mark.parametrize(
    ("status", "code"),
    [(status.value, None) for status in Message.Status] + [("rejected", number) for number in (0, 4072, 4999)],
)
def test_a_messages_page_is_in_chinese(admin_client: Client, status: str, code: int | None) -> None:
    message = make_message(status, code)
    url = reverse("admin:django_ihuyi_message_change", args=[message.pk])
    page = admin_client.get(url, headers={"accept-language": "zh-hans"}).content.decode()
    assert "处理建议" in page
    assert english_on(page) == set()


@pytest.mark.parametrize("model", [Message, Receipt, Reply, AccountState, Batch, OptOut])
@pytest.mark.parametrize("page", ["changelist", "change"])
def test_the_admin_is_in_chinese(
    admin_client: Client, model: type[Message | Receipt | Reply | AccountState | Batch | OptOut], page: str
) -> None:
    message = make_message("delivered", 2)
    batch = Batch.objects.create(account="default", category="marketing")
    Message.objects.update(batch=batch)
    rows = {
        Message: message,
        Receipt: Receipt.objects.create(mobile=message.mobile, smsid=message.smsid or "", code=2, msg="DELIVRD"),
        Reply: Reply.objects.create(message=message, mobile=message.mobile, content="收到"),
        AccountState: AccountState.objects.create(account="default", paused_since=timezone.now(), code=None),
        Batch: batch,
        OptOut: OptOut.objects.create(mobile=message.mobile),
    }
    url = reverse(
        f"admin:django_ihuyi_{model._meta.model_name}_{page}", args=[rows[model].pk] if page == "change" else []
    )
    answer = admin_client.get(url, headers={"accept-language": "zh-hans"})
    assert answer.status_code == 200
    assert 'lang="zh-hans"' in answer.content.decode()
    assert english_on(answer.content.decode()) == set()


def test_the_check_finds_english() -> None:
    assert english_on("<p>Nothing to do.</p><b>Status:</b>") == {"nothing to do.", "status"}
    assert english_on("<script>status</script><p>statuses, 短信流水号</p>") == set()
