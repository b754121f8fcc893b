"""What the Django plugin of mypy reads."""

SECRET_KEY = "a-typed-shop"
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django_ihuyi",
    "django_ihuyi.verification",
    "django_ihuyi.webhooks",
    "django_ihuyi.dashboard",
    "django_ihuyi.api",
]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
IHUYI = {
    "ACCOUNTS": {"default": {"ACCOUNT": "cf_typed", "API_KEY": "0123456789abcdef0123456789abcdef"}},
    "PUSH_TOKENS": ["a-typed-shops-push-token-0123456789"],
}
