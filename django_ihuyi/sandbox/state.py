"""State of the sandbox: balance, messages, replies, templates, counts.

Lists are bounded (the phone page needs no more), counts are complete. Everything here is used from many threads: each
method takes the lock itself.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections import Counter, deque
from dataclasses import dataclass
from typing import Final

from django_ihuyi.sandbox.frequency_history import History
from django_ihuyi.sandbox.options import OPEN_TEMPLATE, Options
from django_ihuyi.sandbox.products import PRODUCTS, SMS, Product

KEPT: Final = 10_000
OPEN_TEXT: Final = "您的验证码是：【变量】。请不要把验证码泄露给其他人。"
FIRST_OWN_TEMPLATE: Final = 1001


@dataclass(slots=True, eq=False)
class TakenMessage:
    """A message that the gateway has taken and charged.

    Attributes:
        position: 1 for the first message taken, and so on; counts what is no longer kept, too.
        smsid: The gateway's id, whatever its product calls it: 20 decimal digits.
        mobile: Eleven digits, or ``+``, country code and number.
        content: What was submitted, to the letter.
        text: What the phone shows, without the signature; differs from ``content`` when a template was named.
        segments: Billed parts.
        taken_at: Unix time in seconds.
        count: How many times this text has been taken for this number, this time included.
        state: ``accepted``, ``delivered`` or ``undelivered``.
        word: The carrier's word of the last receipt; empty before.
        receipt: What became of the last receipt's push: ``waiting``, ``acknowledged``, ``repeating``, ``given_up``,
            ``no_url``, or ``never`` when none comes.
        revision: The state's revision of the last change.
        product: What it was asked for as.
    """

    position: int
    smsid: str
    mobile: str
    content: str
    text: str
    segments: int
    taken_at: float
    count: int
    state: str = "accepted"
    word: str = ""
    receipt: str = "waiting"
    revision: int = 0
    product: str = SMS.name


@dataclass(slots=True, eq=False)
class PhoneReply:
    """An answer from a phone; ``push`` is what became of its push, in the words of ``TakenMessage.receipt``."""

    position: int
    mobile: str
    content: str
    smsid: str | None
    sent_at: float
    push: str = "waiting"
    revision: int = 0


@dataclass(slots=True, eq=False)
class Template:
    """A template text; ``state`` is ``waiting``, ``passed`` or ``refused``; ``push`` as in ``TakenMessage.receipt``."""

    templateid: int
    content: str
    state: str = "waiting"
    push: str = "none"
    revision: int = 0


class State:
    """The gateway's memory.

    Attributes:
        lock: Held by whoever decides on a message and takes it, so that both are one step.
        history: What each number has had, for the frequency rules.
        forced: A code that every request gets, or None.
    """

    def __init__(self, options: Options) -> None:
        """Begin with nothing taken.

        Args:
            options: The sandbox's options: the balance and the templates to begin with.
        """
        self.lock = threading.RLock()
        self._options = options
        self.reset()

    def reset(self) -> None:
        """Forget everything and begin again with balance and templates of the options; smsids are not used twice."""
        with self.lock:
            self.run = secrets.token_hex(8)
            self.revision = 0
            self.balances = dict.fromkeys(PRODUCTS, self._options.balance)
            self.forced: int | None = None
            self.history = History()
            self.failed_once: set[tuple[str, str]] = set()
            self.messages: deque[TakenMessage] = deque(maxlen=KEPT)
            self.replies: deque[PhoneReply] = deque(maxlen=KEPT)
            self.templates = {OPEN_TEMPLATE: Template(OPEN_TEMPLATE, OPEN_TEXT, state="passed")}
            self.templates |= {
                one.templateid: Template(one.templateid, one.content, one.state) for one in self._options.templates
            }
            self._known = frozenset(self.templates)
            self.counts: Counter[str] = Counter()
            self._next_smsid = 10**19 + secrets.randbelow(8 * 10**18)
            self._next_template = FIRST_OWN_TEMPLATE

    def count(self, *names: str) -> None:
        """Add one to each of these counts.

        Args:
            names: Names of counts; they appear in ``GET /sandbox/requests`` as they are.
        """
        with self.lock:
            self.counts.update(names)

    @property
    def balance(self) -> int:
        """What is left for SMS."""
        return self.balances[SMS.name]

    def take(self, mobile: str, content: str, text: str, segments: int, product: Product = SMS) -> TakenMessage:
        """Charge and keep a message.

        Args:
            mobile: The number as it is kept.
            content: What was submitted.
            text: What the phone shows, without the signature.
            segments: Billed parts.
            product: What it is asked for as.

        Returns:
            The message with its new smsid.
        """
        with self.lock:
            now = time.time()
            count = self.history.add(mobile, text, now)
            self.balances[product.name] -= segments
            self.counts.update(("taken", "taken_again") if count > 1 else ("taken",))
            self.counts["segments"] += segments
            smsid = str(self._next_smsid)
            self._next_smsid += 1
            position = self.counts["taken"]
            message = TakenMessage(position, smsid, mobile, content, text, segments, now, count, product=product.name)
            self.messages.append(message)
            self.touch(message)
            return message

    def hear(self, mobile: str, content: str, product: Product = SMS) -> PhoneReply:
        """Keep a phone's answer.

        Args:
            mobile: The number as it is kept.
            content: The answer.
            product: What it answers.

        Returns:
            The reply, with the smsid of the last message to this number if one is kept.
        """
        with self.lock:
            self.counts["replies"] += 1
            answered = (one for one in reversed(self.messages) if (one.mobile, one.product) == (mobile, product.name))
            smsid = next((one.smsid for one in answered), None)
            reply = PhoneReply(self.counts["replies"], mobile, content, smsid, time.time())
            self.replies.append(reply)
            self.touch(reply)
            return reply

    def add_template(self, content: str) -> Template:
        """Keep a template text for review.

        Args:
            content: The text with its variables written ``【变量】``.

        Returns:
            The template, waiting for review.
        """
        with self.lock:
            while self._next_template in self._known:
                self._next_template += 1
            template = Template(self._next_template, content)
            self._next_template += 1
            self.templates[template.templateid] = template
            if len(self.templates) > KEPT:
                del self.templates[next(number for number in self.templates if number not in self._known)]
            self.touch(template)
            return template

    def touch(self, changed: TakenMessage | PhoneReply | Template) -> None:
        """Give something the newest revision, so that pages that poll get it.

        Args:
            changed: What has changed.
        """
        with self.lock:
            self.revision += 1
            changed.revision = self.revision

    def set_balance(self, balance: int, product: Product = SMS) -> None:
        """Set what is left.

        Args:
            balance: The new number of messages, or yuan.
            product: For what.
        """
        with self.lock:
            self.balances[product.name] = balance
            self.revision += 1
