"""Rows for staff to look at and staff of each kind, made in a process of the site: ``python -m tests.e2e.staff_data``.

It reads what is wanted as JSON from its standard input, and writes the primary keys of the rows to its output.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

TEXT = "您的订单A7已发货，明天送达。"
REPLY = "请放在门口"


def make(mobile: str, staff: dict[str, dict[str, Any]]) -> dict[str, int]:
    """Make them.

    Args:
        mobile: The number of all messages.
        staff: By kind: ``mobile``, ``password`` and ``permissions``.

    Returns:
        The key of a row of each table.
    """
    from django.contrib.auth.models import Permission
    from django.utils import timezone

    from django_ihuyi.models import BalanceReading, Batch, Message, OptOut, Receipt, Reply, Template
    from django_ihuyi.verification.models import VerificationCode
    from example_project.users.models import Person

    now, smsid = timezone.now(), f"{int(mobile) * 7:020}"
    batch = Batch.objects.create(account="default", category="notification")
    sent = {"mobile": mobile, "content": TEXT, "submitted_at": now, "accepted_at": now, "batch": batch}
    got = {"mobile": mobile, "smsid": smsid}
    message = Message.objects.create(
        **sent, status="delivered", code=2, smsid=smsid, receipt_code=2, receipt_msg="DELIVRD", reported_at=now
    )
    rejected = Message.objects.create(**sent, status="rejected", code=4085)
    Message.objects.create(**{**sent, "accepted_at": None}, status="unknown")
    reply = Reply.objects.create(message=message, content=REPLY, **got)
    rows = {
        "message": message,
        "rejected": rejected,
        "receipt": Receipt.objects.create(message=message, code=2, msg="DELIVRD", **got),
        "reply": reply,
        "batch": batch,
        "optout": OptOut.objects.create(mobile=mobile, reason="TD", reply=reply),
        "balancereading": BalanceReading.objects.create(account="default", remaining=500, read_at=now),
        "template": Template.objects.create(
            name=f"parcel-{batch.pk}-{reply.pk}", text="您的包裹【变量】已到。", variables=["parcel"]
        ),
        "verificationcode": VerificationCode.objects.create(
            mobile=mobile, purpose="sign-up", nonce="f00d", length=6, expires_at=now
        ),
    }
    for one in staff.values():
        person = Person(mobile=one["mobile"], is_staff=True)
        person.set_password(one["password"])
        person.save()
        person.user_permissions.set(Permission.objects.filter(codename__in=one["permissions"]))
    return {name: row.pk for name, row in rows.items()}


if __name__ == "__main__":
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "example_project.settings")
    django.setup()
    json.dump(make(**json.load(sys.stdin)), sys.stdout)
