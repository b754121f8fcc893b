"""The wire: ihuyi's protocol, and nothing else. It knows no model, no task and no Django setting.

:class:`Client` speaks to the gateway, the errors know whether a message can have gone out, and the code table says what
an answer means. All of it works in a plain script (``docs/plain-script.md``).
"""

from .answers import SubmitResult
from .client import Client
from .codes import ACCEPTED, CODES, Again, Code, Scope, lookup
from .errors import GatewayError, NotSent, Refused, Uncertain

__all__ = [
    "ACCEPTED",
    "CODES",
    "Again",
    "Client",
    "Code",
    "GatewayError",
    "NotSent",
    "Refused",
    "Scope",
    "SubmitResult",
    "Uncertain",
    "lookup",
]
