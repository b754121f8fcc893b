import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Order",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "goods",
                    models.CharField(
                        choices=[
                            ("tea", "Green tea, 250 g"),
                            ("teapot", "Clay teapot"),
                            ("cups", "Four porcelain cups"),
                        ],
                        default="tea",
                        max_length=16,
                        verbose_name="goods",
                    ),
                ),
                ("ordered_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="ordered")),
                ("shipped_at", models.DateTimeField(blank=True, editable=False, null=True, verbose_name="shipped")),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="orders",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="person",
                    ),
                ),
            ],
            options={
                "verbose_name": "order",
                "verbose_name_plural": "orders",
                "ordering": ("-id",),
            },
        ),
    ]
