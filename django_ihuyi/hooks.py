"""How feature apps attach to the core: the core asks the configs of the installed apps.

A feature's app derives its config from :class:`FeatureConfig` and overrides what it needs. Here are also the types of
what its methods return, so that core and features need not know each other.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol

from django.apps import AppConfig, apps
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from .isolation import Handled

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin
    from django.urls import URLPattern
    from prometheus_client import Metric

    from .health_result import HealthResult, Thresholds


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with the settings.

    Attributes:
        id: The system check's number, ``E001`` ... or ``W001`` ....
        text: What is wrong, and where.
        hint: What to write instead.
    """

    id: str
    text: str
    hint: str


@dataclass(frozen=True, slots=True)
class Event:
    """Something happened that other systems may want to hear of.

    Attributes:
        data: What is told, without numbers and texts.
        account: The alias of the account that it is about; empty for none.
        category: The category of the message that it is about; empty for none.
        message: The message that it is about.
        reply: The reply that it is about.
    """

    data: Mapping[str, Any]
    account: str = ""
    category: str = ""
    message: Model | None = None
    reply: Model | None = None


class EventSink(Protocol):
    """Where events of the core are written down, in the transaction that changes the record."""

    @abstractmethod
    def wants(self, name: str) -> bool:
        """Whether an event of this name is to be recorded. Asked before the transaction opens, so it must be cheap."""

    @abstractmethod
    def record(self, name: str, events: Sequence[Event], *, using: str) -> None:
        """Write events down inside the open transaction of a database; an error rolls the change back."""


@dataclass(frozen=True, slots=True)
class MaintenanceStep:
    """One step of the sweep.

    Attributes:
        name: What it is called in the sweep's report.
            Steps of the same name are added up there.
        order: Steps run by this number, the lowest first.
        run: Does a bounded part of the work. Takes the present, and how many rows to read of a kind at most; returns
            how many rows it changed, and whether there is more to do at once.
    """

    name: str
    order: int
    run: Callable[[datetime, int], tuple[int, bool]]


@dataclass(frozen=True, slots=True)
class OldRows:
    """One kind of rows that the purge ends.

    Attributes:
        name: What it is called in reports.
        rows: Which rows, without an order.
        clock: The indexed field by which they grow old.
        before: Older than this.
        end: Deletes or empties rows of a queryset. Returns how many of the table itself.
    """

    name: str
    rows: QuerySet[Any]
    clock: str
    before: datetime
    end: Callable[[QuerySet[Any]], int]


@dataclass(frozen=True, slots=True)
class PersonalData:
    """A table with rows about persons.

    Attributes:
        label: The model's label, such as ``django_ihuyi.Message``.
        find: Finds the rows about a number, by index. Takes the number as the record has it.
        erase: Takes a number out of the table. Says how many rows it changed or deleted, and how many it could not.
        order: Tables are erased by this number, the lowest first; the core's messages have 50, its opt-outs 200.
    """

    label: str
    find: Callable[[str], QuerySet[Any]]
    erase: Callable[[str], Handled]
    order: int = 100


HealthCheck = Callable[["Thresholds", datetime], Iterator["HealthResult"]]
"""Looks at one thing at the present time, and says what it found."""


@dataclass(frozen=True, slots=True)
class AdminAlert:
    """A box on top of lists in the admin.

    Attributes:
        template: Its template's name.
        context: What the template needs, as ``alert``.
    """

    template: str
    context: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Link:
    """A link on a page of the admin.

    Attributes:
        url: Where it leads.
        text: What it says, in the reader's language.
    """

    url: str
    text: str


class FeatureConfig(AppConfig):
    """The config of an app that adds a feature to the core. Every method may be left as it is: then it adds nothing.

    Attributes:
        settings_sections: The dicts inside ``IHUYI`` that belong to the feature, each with the dotted path of its
            dataclass. Without its section, a feature has the defaults.
        optional_sections: Which of them may be None.
        url_includes: What ``django_ihuyi.urls`` includes: prefixes and dotted paths of URL modules.
        metrics_order: Figures for Prometheus come by this number, the lowest first; the core's messages have 10, its
            other figures 30 to 50.
    """

    default_auto_field = "django.db.models.BigAutoField"

    # Django takes the only config of an apps module that is a default, and this class is imported into each of them.
    default = False

    settings_sections: Mapping[str, str] = {}
    optional_sections: Collection[str] = ()
    url_includes: Sequence[tuple[str, str]] = ()
    metrics_order: int = 100

    def setting_problems(self, raw: Mapping[str, Any], *, deploy: bool) -> Iterable[Problem]:
        """Find what is wrong with the feature's settings beyond the form of single options.

        Args:
            raw: ``IHUYI`` as it stands in the settings; its sections may have any form.
            deploy: Whether to find what is wrong in production only; otherwise, what is wrong anywhere.
        """
        return ()

    def event_sinks(self) -> Iterable[EventSink]:
        """Return where events are written down."""
        return ()

    def maintenance_steps(self) -> Iterable[MaintenanceStep]:
        """Return what the sweep does for the feature."""
        return ()

    def retention_jobs(self, now: datetime) -> Iterable[OldRows]:
        """Return what the purge ends.

        Args:
            now: The present.
        """
        return ()

    def personal_data(self) -> Iterable[PersonalData]:
        """Return the feature's tables with rows about persons."""
        return ()

    def health_checks(self) -> Mapping[str, HealthCheck]:
        """Return what ``ihuyi_check`` looks at, by the names that its ``--only`` takes."""
        return {}

    def metrics(self, now: datetime) -> Iterator[Metric]:
        """Read figures for Prometheus. The library is installed when it is called.

        Args:
            now: The present.
        """
        return iter(())

    def celery_queues(self) -> Iterable[str | None]:
        """Return the queues of the feature's tasks; None is Celery's default one. Each is asked for a sign of life."""
        return ()

    def admin_alerts(self, request: HttpRequest) -> Iterable[AdminAlert]:
        """Return what is shown on top of the list of messages and of the dashboard to those who may see them.

        Args:
            request: The request for the page.
        """
        return ()

    def admin_links(self, request: HttpRequest, page: str) -> Iterable[Link]:
        """Return links to the feature's pages for a page of the core.

        Args:
            request: The request for the page.
            page: Which page: the label of its model, such as ``django_ihuyi.message``.
        """
        return ()

    def admin_urls(self, owner: ModelAdmin[Any]) -> Iterable[URLPattern]:
        """Return addresses of the feature's pages that lie below the list of a model of the core.

        Args:
            owner: The model's pages in one admin site. The views have to ask for permissions themselves.
        """
        return ()


OUR_FEATURES: Mapping[str, str] = {
    "ihuyi_verification": "django_ihuyi.verification",
    "ihuyi_webhooks": "django_ihuyi.webhooks",
    "ihuyi_dashboard": "django_ihuyi.dashboard",
    "ihuyi_api": "django_ihuyi.api",
    "ihuyi_otp": "django_ihuyi.contrib.otp",
}
"""The features of this package, installed or not, by the labels of their apps: tables' names begin with a label."""


@cache
def features() -> tuple[FeatureConfig, ...]:
    """Return the configs of the installed features, in the order of ``INSTALLED_APPS``.

    They are kept until ``INSTALLED_APPS`` changes, as in tests.

    Raises:
        AppRegistryNotReady: Django is not set up yet.
    """
    return tuple(config for config in apps.get_app_configs() if isinstance(config, FeatureConfig))


def our_apps() -> tuple[AppConfig, ...]:
    """Return the configs of the core and of the installed features."""
    return apps.get_app_config("django_ihuyi"), *features()


def require_app(name: str, what: str) -> None:
    """Refuse the use of what needs an app of this package that the site has not installed.

    Args:
        name: The app, such as ``django_ihuyi.verification``.
        what: What needs it.

    Raises:
        ImproperlyConfigured: The app is not installed; it says which line to add.
        AppRegistryNotReady: Django is not set up yet.
    """
    if not apps.is_installed(name):
        raise ImproperlyConfigured(f'{what} needs an app that is not installed. Add "{name}" to INSTALLED_APPS.')


def _forget_features(*, setting: str, **_kwargs: Any) -> None:  # noqa: ANN401  what Django sends
    if setting == "INSTALLED_APPS":
        features.cache_clear()


setting_changed.connect(_forget_features, dispatch_uid="django_ihuyi.hooks")
