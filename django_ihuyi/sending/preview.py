"""What would become of a message, without recording it: everything that would be refused, and what would be billed."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.views.decorators.debug import sensitive_variables

from django_ihuyi import conf
from django_ihuyi.exceptions import InvalidMessage
from django_ihuyi.models import Template

from .template_registry import NO_MATCH, NO_TEMPLATE, Registry


@dataclass
class Trial:
    """What was found.

    Attributes:
        refusals: The codes that the gateway would answer, in the order in which they would be met.
        warnings: The same of what is likely only: a text that fits none of the templates that are known here.
        text: What the recipient would read, without the signature; empty if it was refused.
        signature: What the gateway would put in front of it.
        length: Characters that are counted, signature and its brackets included.
        segments: Billed parts; 0 if the text was refused.
        recognised: The approved template that the text is.
    """

    refusals: list[int] = field(default_factory=list)
    warnings: list[int] = field(default_factory=list)
    text: str = ""
    signature: str = ""
    length: int = 0
    segments: int = 0
    recognised: Template | None = None


@sensitive_variables()
def examine(
    mobile: str, content: str | None, *, account: str, template: Template | None = None, params: list[str] | None = None
) -> Trial:
    """Try a message.

    Args:
        mobile: A number as people write it; an empty one is left out, since somebody may still be typing.
        content: A whole text. Either this or ``template``.
        account: The account's alias.
        template: A template of the registry.
        params: Its variables in order.

    Raises:
        ImproperlyConfigured: There is no such account.
    """
    settings = conf.get_account(account)
    registry = Registry(account, settings)
    trial = Trial(signature=settings.signature)
    if mobile.strip():
        try:
            settings.normalise(mobile)
        except InvalidMessage as error:
            trial.refusals.append(error.code)
    try:
        if template is None:
            trial.text = settings.sold_as.check_text(content, settings)
            trial.recognised, any_known = registry.recognise(trial.text)
            if trial.recognised is None and any_known:
                sure = settings.template_matching == "refuse"
                (trial.refusals if sure else trial.warnings).append(NO_MATCH)
        elif not settings.sold_as.takes_templates:
            trial.refusals.append(NO_TEMPLATE)
            return trial
        else:
            trial.text = registry.fill(template.name, params).text
    except InvalidMessage as error:
        trial.refusals.append(error.code)
        return trial
    trial.length = len(trial.text) + len(settings.signature) + 2
    trial.segments = settings.sold_as.count_segments(trial.text, settings)
    return trial
