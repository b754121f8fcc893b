"""``demo_staff``: the staff user of ``make demo``."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError
from django.utils.translation import gettext as _

from django_ihuyi.conf.validators import is_loopback
from django_ihuyi.management.printing import TerminalCommand
from example_project.users.models import Person

MOBILE = "13900139000"
PASSWORD = "sms-demo-staff"  # noqa: S105  printed by the demo, which listens on this machine only


class Command(TerminalCommand):
    """Make a staff user whom everybody who reads this file knows."""

    help = "Make the demo's staff user, unless there is one. For a site on loopback only."

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ANN401  as the base class has it
        """Make the user without a welcome text.

        Raises:
            CommandError: The site answers to other hosts than this machine: a known password would let anybody in.
        """
        from django.conf import settings

        if not all(is_loopback(host.strip("[]")) for host in settings.ALLOWED_HOSTS):
            raise CommandError(_("ALLOWED_HOSTS names other hosts than this machine: make a staff user of your own."))
        if Person.objects.filter(mobile=MOBILE).exists():
            return
        staff = Person(mobile=MOBILE, is_staff=True, is_superuser=True)
        staff.set_password(PASSWORD)
        # bulk_create sends no signal, so no welcome text: with the real gateway it would go to a stranger.
        Person.objects.bulk_create([staff])
