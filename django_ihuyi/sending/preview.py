"""Preview of a message without recording it: refusals, warnings, segments."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.views.decorators.debug import sensitive_variables

from django_ihuyi import conf
from django_ihuyi.exceptions import InvalidMessage
from django_ihuyi.models import Template

from .message_builder import normalize_recipient
from .template_registry import NO_MATCH, NO_TEMPLATE, TemplateRegistry


@dataclass
class Preview:
    """What was found.

    Attributes:
        refusals: The codes that the gateway would answer, in the order in which they would be met.
        warnings: The same of what is likely only: a text that fits none of the templates that are known here.
        text: What the recipient would read, without the signature; empty if it was refused.
        signature: What the gateway would put in front of it.
        length: Characters that are counted, signature and its brackets included.
        segments: Billed parts; 0 if the text was refused.
        recognized: The approved template that the text is.
    """

    refusals: list[int] = field(default_factory=list)
    warnings: list[int] = field(default_factory=list)
    text: str = ""
    signature: str = ""
    length: int = 0
    segments: int = 0
    recognized: Template | None = None


@sensitive_variables()
def preview_message(
    mobile: str, content: str | None, *, account: str, template: Template | None = None, params: list[str] | None = None
) -> Preview:
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
    registry = TemplateRegistry(account, settings)
    preview = Preview(signature=settings.signature)
    if mobile.strip():
        try:
            normalize_recipient(settings, mobile)
        except InvalidMessage as error:
            preview.refusals.append(error.code)
    try:
        if template is None:
            preview.text = settings.product_spec.check_text(content, settings)
            preview.recognized, any_known = registry.recognize(preview.text)
            if preview.recognized is None and any_known:
                sure = settings.template_matching == "refuse"
                (preview.refusals if sure else preview.warnings).append(NO_MATCH)
        elif not settings.product_spec.supports_templates:
            preview.refusals.append(NO_TEMPLATE)
            return preview
        else:
            preview.text = registry.fill(template.name, params).text
    except InvalidMessage as error:
        preview.refusals.append(error.code)
        return preview
    preview.length = len(preview.text) + len(settings.signature) + 2
    preview.segments = settings.product_spec.count_segments(preview.text, settings)
    return preview
