"""Give every warning its number: the local day it was raised and its place among those of the day."""

from collections import Counter

from django.db import migrations, models
from django.utils import timezone


def number_all(apps, schema_editor):
    warning = apps.get_model("warnings", "Warning")
    of_day = Counter()
    for row in warning.objects.order_by("raised_at", "pk").only("pk", "raised_at").iterator():
        day = f"{timezone.localtime(row.raised_at):%Y%m%d}"
        of_day[day] += 1
        warning.objects.filter(pk=row.pk).update(number=f"YJ-{day}-{of_day[day]:03d}")


class Migration(migrations.Migration):
    dependencies = [("warnings", "0002_history_is_only_added_to")]

    operations = [
        migrations.AddField(
            model_name="warning",
            name="number",
            field=models.CharField(
                default="", editable=False, max_length=24, verbose_name="number"
            ),
        ),
        migrations.RunPython(number_all, migrations.RunPython.noop),
    ]
