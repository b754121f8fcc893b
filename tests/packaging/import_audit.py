"""Import every module of a package, and report what its own code did besides defining things.

A script for a separate process: ``python import_audit.py PACKAGE`` with ``DJANGO_SETTINGS_MODULE`` set. It prints a
JSON object: the imported modules, and the side effects, each with the module whose import caused it. Side
effects of a library that is imported in turn count as the library's: they belong to the innermost module.
"""

from __future__ import annotations

import atexit
import importlib
import json
import logging
import pkgutil
import signal
import sys
import threading
from types import FrameType
from typing import Any

import django
from django.conf import LazySettings

package = sys.argv[1]
deeds: list[str] = []
watching = False

EVENTS = {
    "open": "file",
    "os.mkdir": "file",
    "os.remove": "file",
    "os.rename": "file",
    "os.fork": "process",
    "os.posix_spawn": "process",
    "subprocess.Popen": "process",
    "socket.__new__": "socket",
    "socket.getaddrinfo": "socket",
    "sqlite3.connect": "database",
}
CALLS = [
    (logging.Logger, "addHandler"),
    (logging.Logger, "setLevel"),
    (threading.Thread, "start"),
    (signal, "signal"),
    (atexit, "register"),
]


def is_ours(name: str) -> bool:
    """Whether a module is of the watched package."""
    return name == package or name.startswith(f"{package}.")


def being_imported(frame: FrameType | None) -> str:
    """Name the innermost module whose top level is being executed."""
    while frame and frame.f_code.co_name != "<module>":
        frame = frame.f_back
    return str(frame.f_globals["__name__"]) if frame else ""


def tell(what: str) -> None:
    """Note a deed if it was done while one of our modules was being imported."""
    if watching and is_ours(module := being_imported(sys._getframe(1))):
        deeds.append(f"{module}: {what}")


def hear(event: str, arguments: tuple[Any, ...]) -> None:
    """Hear of what the interpreter does: files opened for writing, sockets, threads, processes."""
    # Files are also opened to read modules; that is what importing is.
    if event in EVENTS and not (event == "open" and set(str(arguments[1] or "r")) <= set("rbt")):
        tell(EVENTS[event])


def watch_settings() -> None:
    """Hear of every setting that our code reads, and of every reading of ``IHUYI`` on its behalf."""
    read = LazySettings.__getattribute__

    def reading(self: LazySettings, name: str) -> Any:
        reader = str(sys._getframe(1).f_globals.get("__name__"))
        if name == "IHUYI" or (name.isupper() and is_ours(reader)):
            tell(f"setting {name}")
        return read(self, name)

    LazySettings.__getattribute__ = reading  # type: ignore[assignment]  # the one place that every reading passes


def watch_calls(owner: object, name: str) -> None:
    """Hear of the calls of a function that no audit event tells of."""
    original = getattr(owner, name)

    def calling(*arguments: Any, **keywords: Any) -> Any:
        tell(f"{getattr(owner, '__name__', owner)}.{name}")
        return original(*arguments, **keywords)

    setattr(owner, name, calling)


sys.addaudithook(hear)
watch_settings()
for owner, name in CALLS:
    watch_calls(owner, name)
watching = True
django.setup()
root = importlib.import_module(package)
modules = [root.__name__]
for found in pkgutil.walk_packages(root.__path__, f"{package}."):
    importlib.import_module(found.name)
    modules.append(found.name)
watching = False
json.dump({"modules": modules, "deeds": deeds}, sys.stdout)
