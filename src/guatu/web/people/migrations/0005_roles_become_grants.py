"""What a user's one role let him do where he worked becomes a grant over the same place."""

from django.db import migrations
from django.db.models import Q


def grant_what_was_held(apps, schema_editor):
    """Give everyone the grant that lets him see and do what he did."""
    user_model = apps.get_model("people", "User")
    grant_model = apps.get_model("people", "Grant")
    users = user_model.objects.exclude(Q(role="")).select_related("organisation")
    grant_model.objects.bulk_create(
        grant_model(
            user=user,
            role=user.role,
            since=user.date_joined,
            why="账号原有角色 the role that the account had",
            **_scope(user),
        )
        for user in users
    )


def _scope(user):
    """Who worked at a plant saw the plant; everyone else the region of the organisation."""
    at_plant = user.organisation.kind == "plant" or user.role == "plant_safety_officer"
    if at_plant:
        return {"organisation_id": user.organisation_id}
    return {"region_id": user.organisation.region_id}


class Migration(migrations.Migration):

    dependencies = [
        ('people', '0004_grants'),
    ]

    operations = [
        migrations.RunPython(grant_what_was_held, migrations.RunPython.noop),
    ]
