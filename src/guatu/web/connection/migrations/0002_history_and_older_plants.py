"""The database refuses to change history; plants from before this app get their connection.

A later migration that rebuilds the entries' table on SQLite drops the trigger with it: run
`forwards` again there. A test looks for the trigger.
"""

from django.db import migrations
from django.utils import timezone

SQLITE = """
CREATE TRIGGER connection_history_unchanged BEFORE UPDATE ON connection_connectionentry
BEGIN SELECT RAISE(ABORT, 'history is only ever added to'); END
"""

POSTGRESQL = """
CREATE FUNCTION connection_history_unchanged() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'history is only ever added to'; END $$;
CREATE TRIGGER connection_history_unchanged BEFORE UPDATE OR DELETE ON connection_connectionentry
FOR EACH ROW EXECUTE FUNCTION connection_history_unchanged();
"""


def forwards(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(POSTGRESQL)
    else:
        schema_editor.execute(SQLITE)


def backwards(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP FUNCTION connection_history_unchanged CASCADE")
    else:
        schema_editor.execute("DROP TRIGGER connection_history_unchanged")


def adopt(apps, _schema_editor):
    Connection = apps.get_model("connection", "Connection")
    Entry = apps.get_model("connection", "ConnectionEntry")
    for plant in apps.get_model("monitoring", "Plant").objects.filter(connection=None):
        connection = Connection.objects.create(
            organisation_id=plant.organisation_id,
            region_id=plant.region_id,
            plant=plant,
            code=plant.code,
            name=plant.name,
            address=plant.address,
            contact=plant.contact,
            state="approved",
            requested_at=plant.registered_at,
            decided_at=plant.registered_at,
        )
        Entry.objects.create(
            connection=connection, at=timezone.now(), deed="adopt", to_state="approved"
        )


class Migration(migrations.Migration):
    dependencies = [("connection", "0001_initial")]

    operations = [
        migrations.RunPython(forwards, backwards),
        migrations.RunPython(adopt, migrations.RunPython.noop),
    ]
