from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('people', '0005_roles_become_grants'),
    ]

    operations = [
        migrations.RemoveField(
            model_name='user',
            name='role',
        ),
        migrations.AlterModelManagers(
            name='user',
            managers=[
            ],
        ),
    ]
