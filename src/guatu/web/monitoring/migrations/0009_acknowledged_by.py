"""An alarm is acknowledged by whom the command names, with as many letters as that may have."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Longer names."""

    dependencies = [("monitoring", "0008_own_alarms")]

    operations = [
        migrations.AlterField(
            model_name="alarm",
            name="acknowledged_by",
            field=models.CharField(blank=True, max_length=300),
        ),
    ]
