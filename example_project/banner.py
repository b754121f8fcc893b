"""What the demo says when everything answers: where things are, and what to try."""

from __future__ import annotations

from pathlib import Path

from django.utils.translation import gettext as _


def welcome(*, site: str, phone: str | None, staff: str, logs: Path, seconds: float) -> str:
    """Write what the demo says when everything answers.

    Args:
        site: The site's address.
        phone: The phone page's address; None with the real gateway.
        staff: The staff user's number and password.
        logs: The folder of the logs.
        seconds: How long the start took.
    """
    addresses = [(_("Site"), site), (_("Admin"), f"{site}admin/   {staff}"), (_("Logs"), f"{logs}")]
    steps = [
        _("Sign up at %(site)ssign-up/ with a mainland number, such as 139 1234 5678.") % {"site": site},
        _(
            "Type in what the picture shows, have the code sent, type it in, and watch the page: "
            "the welcome text becomes delivered."
        ),
        _("Log in, order something, and ship it: a notice goes out."),
        _("Open the admin with the staff number and password above: SMS (ihuyi), Messages."),
    ]
    if phone:
        addresses.insert(1, (_("Phone"), phone))
        steps[1] = _(
            "Type in what the picture shows, have the code sent, read it on the phone page, type it in, and watch "
            "the page: the welcome text becomes delivered."
        )
        steps += [
            _("Answer a text on the phone page, and find the answer in the admin under Replies."),
            _(
                "Have a code sent to 138 0000 4085 (refused), 139 0000 0011 (undelivered) or 139 0000 0004 (no "
                "answer), and find its message in the admin."
            ),
            _("Log out, and log in with a code; reset the password; change the number."),
        ]
    else:
        steps.insert(
            0, _("IHUYI_ACCOUNT is set: texts go out through the real gateway, to real people, and cost money.")
        )
    lines = ["", _("Everything runs (after %(seconds).1f s).") % {"seconds": seconds}, ""]
    lines += [f"  {name:<8}{address}" for name, address in addresses]
    lines += ["", _("What to try:"), *(f"  {number}. {step}" for number, step in enumerate(steps, start=1))]
    return "\n".join([*lines, "", _("Ctrl-C stops everything."), ""])
