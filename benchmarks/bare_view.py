"""The cheapest hand-written view that pushes are measured by: one conditional UPDATE and one INSERT in a transaction.

No token, no checks, no serializer; a repeated push, one that comes first and one of a wrong form are all beyond it.
"""

from __future__ import annotations

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt


@csrf_exempt
def receipt(request: HttpRequest) -> HttpResponse:
    """Take a receipt."""
    from django_ihuyi.models import Message, Receipt

    push = request.POST
    now = timezone.now()
    with transaction.atomic():
        Message.objects.filter(smsid=push["smsid"], mobile=push["mobilephone"], status="accepted").update(
            status="delivered", receipt_code=2, receipt_msg=push["msg"], reported_at=now
        )
        Receipt(mobile=push["mobilephone"], smsid=push["smsid"], code=2, msg=push["msg"], report_time=now).save(
            force_insert=True
        )
    return HttpResponse("success", content_type="text/plain")
