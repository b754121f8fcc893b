"""Somebody who visits the example site over plain HTTP: forms with their CSRF tokens, and what the pages say."""

from __future__ import annotations

import re
from collections.abc import Callable

import requests

_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')
_STATUS = re.compile(r'data-status="(\w+)"')
_ROW = re.compile(r"<tr>.*?</tr>", re.DOTALL)


class Visitor:
    """A session at the site."""

    def __init__(self, site_url: str, read_code: Callable[[str], str]) -> None:
        """Open a session.

        Args:
            site_url: The site's address without a slash at the end.
            read_code: Waits for the latest code on a number's phone.
        """
        self._read_code = read_code
        self._site_url = site_url
        self._session = requests.Session()

    def get(self, path: str) -> str:
        """Return a page."""
        answer = self._session.get(self._site_url + path, timeout=20)
        answer.raise_for_status()
        return answer.text

    def post(self, path: str, page: str | None = None, **fields: str) -> requests.Response:
        """Fill in a form and follow where it leads.

        Args:
            path: Where the form goes.
            page: The page it is on, if another.
            **fields: What is filled in.
        """
        token = _TOKEN.search(self.get(page or path))
        assert token, f"{page or path} has no form"
        fields["csrfmiddlewaretoken"] = token[1]
        answer = self._session.post(self._site_url + path, data=fields, timeout=20)
        answer.raise_for_status()
        return answer

    def sign_up(self, mobile: str, password: str) -> requests.Response:
        """Sign up, with the code that comes to the phone."""
        self.ask_for_code("/sign-up/", mobile)
        return self.post("/sign-up/", mobile=mobile, password=password, code=self._read_code(mobile))

    def ask_for_code(self, path: str, mobile: str) -> dict[str, object]:
        """Press the button "send code" on a page; return what the page's script would read.

        Args:
            path: The page.
            mobile: The number.
        """
        token = _TOKEN.search(self.get(path))
        assert token, f"{path} has no form"
        # The stack takes "passed" for the captcha.
        fields = {"mobile": mobile, "send_code": "1", "captcha_0": "any", "captcha_1": "passed"}
        fields["csrfmiddlewaretoken"] = token[1]
        headers = {"Accept": "application/json"}
        answer = self._session.post(self._site_url + path, data=fields, headers=headers, timeout=20)
        return dict(answer.json())

    def log_in(self, mobile: str, password: str) -> None:
        """Log in, surely."""
        answer = self.post("/log-in/", username=mobile, password=password)
        assert answer.url == f"{self._site_url}/", "the site did not log in"

    def statuses(self, path: str) -> list[str]:
        """Return the statuses of the texts on a page, in its order."""
        return _STATUS.findall(self.get(path))

    def shows(self, path: str, *statuses: str) -> bool:
        """Return whether a page shows these statuses and no others."""
        return self.statuses(path) == list(statuses)

    def admin_rows(self, model: str, query: str = "") -> list[str]:
        """Return the rows of a list in the SMS admin, as HTML, for staff.

        Args:
            model: ``message``, ``receipt`` or ``reply``.
            query: What to search for.
        """
        page = self.get(f"/admin/django_ihuyi/{model}/?q={query}")
        table = page.partition('id="result_list"')[2].partition("</table>")[0]
        return _ROW.findall(table.partition("<tbody>")[2])

    def close(self) -> None:
        """End the session."""
        self._session.close()
