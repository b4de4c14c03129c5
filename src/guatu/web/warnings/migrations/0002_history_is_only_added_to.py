"""Let the database itself refuse to change history.

A later migration that rebuilds the table on SQLite drops the trigger with it: run `forwards` again
there. A test looks for the trigger.
"""

from django.db import migrations

SQLITE = """
CREATE TRIGGER warnings_history_unchanged BEFORE UPDATE ON warnings_warningentry
BEGIN SELECT RAISE(ABORT, 'history is only ever added to'); END
"""

POSTGRESQL = """
CREATE FUNCTION warnings_history_unchanged() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'history is only ever added to'; END $$;
CREATE TRIGGER warnings_history_unchanged BEFORE UPDATE OR DELETE ON warnings_warningentry
FOR EACH ROW EXECUTE FUNCTION warnings_history_unchanged();
"""


def forwards(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(POSTGRESQL)
    else:
        schema_editor.execute(SQLITE)


def backwards(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP FUNCTION warnings_history_unchanged CASCADE")
    else:
        schema_editor.execute("DROP TRIGGER warnings_history_unchanged")


class Migration(migrations.Migration):
    dependencies = [("warnings", "0001_initial")]

    operations = [migrations.RunPython(forwards, backwards)]
