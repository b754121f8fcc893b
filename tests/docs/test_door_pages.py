"""Sites made of the README and one page each, about forms or about a host package, work as the page says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from django_ihuyi.verification.conf import VerificationSettings

from .markdown_reader import blocks, read
from .test_snippets import SETUP, Site

NO_GATEWAY = "http://127.0.0.1:9/webservice/sms.php"
PERSON = "13800138000"

VISIT = f"""
import logging, re
logging.disable(logging.CRITICAL)  # a page of the status 429 is logged
from django.test import Client
from django_ihuyi.models import Message
client = Client(SERVER_NAME="localhost")
def latest():
    text = Message.objects.filter(mobile={PERSON!r}).latest("pk")
    return re.findall(r"[0-9]+", text.content)[0]
def ask(path):
    data = {{"mobile": {PERSON!r}, "send_code": "1"}}
    return client.post(path, data, headers={{"accept": "application/json"}}).json()["sent"]
"""

FORMS = """
print(ask("/sign-up/"))
print(client.post("/sign-up/", {"mobile": "138 0013 8000", "code": latest()}).content.decode())
print("verification_code.js" in client.get("/sign-up/").content.decode())
"""

BACKEND = """
from people.models import Person
Person.objects.create_user("li", mobile="+86 138 0013 8000")
print(ask("/log-in/"))
print(client.post("/log-in/", {"mobile": "13800138000", "code": latest()}).headers["Location"])
print("_auth_user_id" in client.session)
"""

ALLAUTH = """
print(client.post("/accounts/signup/", {"phone": "138 0013 8000", "password1": "tea-and-cake-9"}).headers["Location"])
print(client.post("/accounts/phone/verify/", {"code": latest()}).headers["Location"])
from people.models import Person
print(*Person.objects.values_list("mobile", "mobile_verified"))
fields = {"phone": "138 0013 8000", "password1": "tea-and-cake-9"}
print(Client(SERVER_NAME="localhost").post("/accounts/signup/", fields).status_code)
from django.conf import settings
from django.test import override_settings
verification = {**settings.IHUYI["VERIFICATION"], "INTERVAL": 0}
override_settings(IHUYI={**settings.IHUYI, "VERIFICATION": verification}).enable()
client.logout()
def password(new):
    data = {"login": "138 0013 8000", "password": new}
    return Client(SERVER_NAME="localhost").post("/accounts/login/", data).status_code
page = "/accounts/password/reset/"
print(page in client.get("/accounts/login/").content.decode(), ask(page))
new = {"mobile": "138 0013 8000", "code": latest(), "password": "milk-and-honey-7"}
print(client.post(page, new).headers["Location"], password("tea-and-cake-9"), password("milk-and-honey-7"))
Person.objects.create_user("left", mobile="139 0013 9000", date_joined="2020-01-01T00:00:00Z")
purge_unfinished_sign_ups()
print(*Person.objects.values_list("mobile", flat=True))
"""

EXISTING = """
from allauth.account.models import EmailAddress
from django.contrib.auth import get_user_model
User = get_user_model()
staff = User.objects.create_superuser("staff", "staff@example.com", "tea-and-cake-9")
li = User.objects.create_user("li", "li@example.com", "tea-and-cake-9")
by_mail = client.post("/accounts/login/", {"login": "li@example.com", "password": "tea-and-cake-9"})
print(by_mail.headers["Location"], client.session["_auth_user_id"] == str(li.pk))
print(client.post("/accounts/phone/change/", {"phone": "138 0013 8000"}).headers["Location"])
print(client.post("/accounts/phone/verify/", {"code": latest()}).headers["Location"])
li.refresh_from_db()
print(li.profile.mobile, li.profile.mobile_verified)
client.logout()
client.post("/accounts/login/", {"login": "138 0013 8000", "password": "tea-and-cake-9"})
print(client.session["_auth_user_id"] == str(li.pk))
client.logout()
print("Write your mobile number" in client.post("/accounts/login/code/", {}).content.decode())
client.force_login(staff)
empty = {"profile-TOTAL_FORMS": 1, "profile-INITIAL_FORMS": 0, "profile-0-mobile_verified": "on"}
for user in (staff, User.objects.create_user("wang")):
    joined = {"date_joined_0": "2026-01-01", "date_joined_1": "00:00:00", "is_superuser": "on", "is_active": "on"}
    fields = {"username": user.username, "is_staff": "on", **joined, **empty}
    answer = client.post(f"/admin/auth/user/{user.pk}/change/", fields)
    print(answer.status_code, user.__class__.objects.get(pk=user.pk).profile.mobile)
"""

TWO_FACTOR = """
from django.contrib.auth import get_user_model
from two_factor.plugins.phonenumber.models import PhoneDevice
user = get_user_model().objects.create_user("li", password="tea-and-cake-9")
PhoneDevice.objects.create(user=user, name="default", number="+8613800138000", method="sms")
step = "login_view-current_step"
client.post("/account/login/", {"auth-username": "li", "auth-password": "tea-and-cake-9", step: "auth"})
print(client.post("/account/login/", {"token-otp_token": latest(), step: "token"}).headers["Location"])
from django_ihuyi.verification.models import VerificationCode
print(VerificationCode.objects.get().entered_at is not None)
"""

OTP = """
fields = {"username": "li", "password": "tea-and-cake-9", "otp_device": SmsDevice.objects.get().persistent_id}
challenge = client.post("/admin/login/", {**fields, "otp_challenge": "1"})
print("A code was sent to 138******00." in challenge.content.decode())
print(client.post("/admin/login/?next=/admin/", {**fields, "otp_token": latest()}).status_code)
print(client.get("/admin/").status_code)
"""
SUPERUSER = """
from django.contrib.auth import get_user_model
get_user_model().objects.create_superuser("li", password="tea-and-cake-9")
"""

RESET = ["True True", "/accounts/login/ 200 302", PERSON]
ADDED = [f"{PERSON} True", "True", "True", "302 None", "302 None"]

PAGES = [
    ("forms", "", FORMS, ["True", f"{PERSON} is yours.", "True"]),
    ("log-in-by-code", "", BACKEND, ["True", "/", "True"]),
    ("allauth", "", ALLAUTH, ["/accounts/phone/verify/", "/", f"('{PERSON}', True)", "429", *RESET]),
    ("allauth-existing", "", EXISTING, ["/ True", "/accounts/phone/verify/", "/accounts/phone/change/", *ADDED]),
    ("two-factor", "", TWO_FACTOR, ["/account/two_factor/", "True"]),
    ("otp", SUPERUSER, OTP, ["True", "302", "200"]),
]


@pytest.mark.parametrize(("page", "before", "visit", "printed"), PAGES, ids=[page[0] for page in PAGES])
def test_a_site_made_of_the_page_works(tmp_path: Path, page: str, before: str, visit: str, printed: list[str]) -> None:
    name = f"docs/{page}.md"
    site = Site(tmp_path, NO_GATEWAY, name)
    if page == "forms":  # which says so in a sentence
        with (tmp_path / "mysite" / "settings.py").open("a", encoding="utf-8") as file:
            file.write('\nINSTALLED_APPS += ["captcha"]\n')
    if (tmp_path / "people" / "models.py").exists():
        site.python("manage.py", "makemigrations", "people", "--verbosity", "0")
    site.python("manage.py", "migrate", "--verbosity", "0")
    assert site.python("manage.py", "check", "--fail-level", "WARNING").endswith("no issues (0 silenced).")
    snippets = [code.text for code in blocks(name, "python") if not code.file]
    assert site.python("-c", "\n".join([SETUP, before, *snippets, VISIT, visit])).splitlines() == printed


@pytest.mark.parametrize("page", [page[0] for page in PAGES])
def test_the_extra_that_a_page_names_exists(page: str) -> None:
    extras = set(re.findall(r"^([\w-]+) =$", read("setup.cfg"), re.MULTILINE))
    named = set(re.findall(r"django-ihuyi\[([\w-]+)\]", read(f"docs/{page}.md")))
    assert named <= extras
    others = {"forms": {"captcha"}, "log-in-by-code": set(), "allauth-existing": {"allauth"}}
    assert named == others.get(page, {page})


def test_the_settings_of_the_pages_add_up() -> None:
    site: dict[str, Any] = {"INSTALLED_APPS": [], "MIDDLEWARE": [], "IHUYI": {"VERIFICATION": {"CODE_LENGTH": 4}}}
    for page in ("allauth", "two-factor", "otp"):
        [code] = [code.text for code in blocks(f"docs/{page}.md", "python") if code.file == "mysite/settings.py"]
        exec(code, site)
    never = {"CAPTCHA": "never"}
    purposes = {"allauth": never, "two-factor": never, "otp": never}
    assert site["IHUYI"]["VERIFICATION"] == {"CODE_LENGTH": 4, "PURPOSES": purposes}


@pytest.mark.parametrize("page", ["allauth", "allauth-existing"])
def test_a_code_of_allauth_lives_as_long_as_one_of_ours(page: str) -> None:
    ours = VerificationSettings()
    said = re.findall(
        r"^ACCOUNT_(?:LOGIN_BY_CODE|PHONE_VERIFICATION)_(\w+) = (\d+)$", read(f"docs/{page}.md"), re.MULTILINE
    )
    assert said == [("TIMEOUT", str(ours.lifetime)), ("MAX_ATTEMPTS", str(ours.max_tries))] * 2
