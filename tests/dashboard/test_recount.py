"""``ihuyi_recount``."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from django_ihuyi.dashboard.models import MessageTally, TallySlot
from tests.dashboard.conftest import make_message

pytestmark = pytest.mark.django_db


def test_it_counts_anew_from_the_messages() -> None:
    make_message(timezone.now())
    MessageTally.objects.create(slot=1, account="a", category="marketing", status="queued", messages=7, segments=7)
    today = timezone.localdate()
    out = StringIO()
    call_command("ihuyi_recount", "--since", str(today), stdout=out)
    assert sorted(MessageTally.objects.values_list("slot", "messages")) == [
        (1, 7),
        (max(TallySlot.objects.values_list("pk", flat=True)), 1),
    ]
    assert out.getvalue() == f"{TallySlot.objects.count()} half-hours to count.\nDone.\n"


@pytest.mark.parametrize(
    ("since", "error"),
    [("soon", "is a day such as"), ("9998-12-31", "in the future")],
    ids=["no day", "future"],
)
def test_a_wrong_day(since: str, error: str) -> None:
    with pytest.raises(CommandError, match=error):
        call_command("ihuyi_recount", "--since", since, stdout=StringIO())
    assert TallySlot.objects.count() == 0
