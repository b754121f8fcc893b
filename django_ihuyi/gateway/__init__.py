"""Client of ihuyi's HTTP protocol. Usable in a plain script: no model, no task, no Django setting.

:class:`Client` speaks to the gateway, the errors know whether a message can have gone out, and the code table says what
an answer means. All of it works in a plain script (``docs/plain-script.md``).
"""

from .client import Client
from .exceptions import GatewayError, NotSent, SubmitRefused, Uncertain
from .responses import SubmitResult
from .result_codes import ACCEPTED, CODES, Code, Retry, Scope, lookup

__all__ = [
    "ACCEPTED",
    "CODES",
    "Client",
    "Code",
    "GatewayError",
    "NotSent",
    "Retry",
    "Scope",
    "SubmitRefused",
    "SubmitResult",
    "Uncertain",
    "lookup",
]
