"""A stranger's site: made by ``startproject``, in an environment that has the wheel and what it needs, and no checkout.

Its settings are Django's own with the app, one account and one push token.
"""

from __future__ import annotations

import re
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .distribution import TRUE_INSTALL, environment, run

TOKEN = "a-strangers-push-token-0123456789"
ADMIN = ("stranger", "a-strangers-password")

SETTINGS = f"""
INSTALLED_APPS += [
    "django_ihuyi",
    "django_ihuyi.verification",
    "django_ihuyi.webhooks",
    "django_ihuyi.dashboard",
    "django_ihuyi.api",
]
IHUYI = {{
    "ACCOUNTS": {{"default": {{"ACCOUNT": "cf_stranger", "API_KEY": "0123456789abcdef0123456789abcdef"}}}},
    "PUSH_TOKENS": ["{TOKEN}"],
}}
"""
URLS = """
from django.urls import include

urlpatterns += [path("ihuyi/", include("django_ihuyi.urls"))]
"""


class Site:
    """The site's directory and the Python that runs it."""

    def __init__(self, python: Path, directory: Path) -> None:
        self.python = python
        self.directory = directory
        # The broker in memory takes every task: nobody's RabbitMQ on this machine is spoken to.
        self.environment = environment(
            PYTHONDONTWRITEBYTECODE="1", PYTHONUNBUFFERED="1", PYTHONUTF8="1", CELERY_BROKER_URL="memory://"
        )

    def execute(self, *arguments: str) -> str:
        """Run Python in the site's directory; return what it printed. A warning is an error."""
        return run(self.python, "-W", "error", *arguments, cwd=self.directory, env=self.environment).strip()

    def manage(self, *arguments: str) -> str:
        """Run a management command; return what it printed."""
        return self.execute("manage.py", *arguments)

    def script(self, code: str, settings: str = "shop.settings") -> str:
        """Run code as a script of the site does, after ``django.setup()``; return what it printed."""
        setup = f'import os; os.environ["DJANGO_SETTINGS_MODULE"] = "{settings}"; import django; django.setup()\n'
        return self.execute("-c", setup + code)

    @contextmanager
    def serving(self, *arguments: str) -> Iterator[str]:
        """Run a management command that serves HTTP on a port that it chose, as long as the block lasts.

        Yields:
            The first address that it printed, without a slash at the end.
        """
        with subprocess.Popen(
            [self.python, "-W", "error", "manage.py", *arguments],
            cwd=self.directory,
            env=self.environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        ) as process:
            assert process.stdout is not None
            printed = ""
            try:
                while not (found := re.search(r"(http://[\d.:]+?)/\s", printed)):
                    line = process.stdout.readline()
                    assert line, printed
                    printed += line
                yield found[1]
            finally:
                process.terminate()
                process.stdout.read()


def install(wheel: Path, directory: Path, *, extras: str = "", afresh: bool = TRUE_INSTALL) -> Path:
    """Make an environment with the wheel in it.

    Args:
        wheel: What to install.
        directory: Where the environment is made.
        extras: Those of the wheel that are installed, as pip writes them: ``[allauth]``.
        afresh: Whether its dependencies are fetched; otherwise they are those of this environment.

    Returns:
        Its Python.
    """
    venv.create(directory, symlinks=True)
    python = directory / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", str(python), "install", "--quiet"]
    if afresh:
        run(*pip, f"{wheel}{extras}", cwd=directory)
        return python
    run(*pip, "--no-deps", "--no-index", wheel, cwd=directory)
    # The dependencies come from this environment. A directory that a .pth file adds has its own .pth files ignored,
    # the one of an editable checkout among them.
    own = run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=directory).strip()
    ours = sorted({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")})
    (Path(own) / "dependencies.pth").write_text("\n".join(ours) + "\n", "utf-8")
    return python


def start_project(python: Path, directory: Path) -> Site:
    """Make the site, migrate it and give it a superuser (:data:`ADMIN`).

    Args:
        python: The environment's Python.
        directory: An empty directory.
    """
    site = Site(python, directory)
    site.execute("-m", "django", "startproject", "shop", ".")
    for name, text in (("settings.py", SETTINGS), ("urls.py", URLS)):
        with (directory / "shop" / name).open("a", encoding="utf-8") as file:
            file.write(text)
    site.manage("migrate")
    site.script(
        "from django.contrib.auth import get_user_model\n"
        f"get_user_model().objects.create_superuser({ADMIN[0]!r}, password={ADMIN[1]!r})"
    )
    return site
