"""The database's own refusal to change the record, on SQLite and on PostgreSQL.

Set after every migration, for one that rebuilds a table on SQLite drops its triggers with it.
"""

from typing import Any, Final

KEPT_DAYS: Final = 180
"""Six months: what is younger cannot be given up at all, whatever the setting says."""
ADDED_TO: Final = {
    "audit_change": "change",
    "audit_seal": "seal",
    "audit_pruning": "pruning",
    "people_signinevent": "sign_in",
    "warnings_warningentry": "warning_entry",
    "connection_connectionentry": "connection_entry",
}
"""Tables that are only ever added to."""
_AGE: Final = {
    "sqlite": f"strftime('%Y-%m-%d %H:%M:%f', 'now', '-{KEPT_DAYS} days')",
    "postgresql": f"now() - interval '{KEPT_DAYS} days'",
}
_MAY_GO: Final = {
    "audit_change": (
        "OLD.at < {age} AND EXISTS (SELECT 1 FROM audit_seal s JOIN audit_pruning p "
        "ON s.number BETWEEN p.first AND p.last WHERE s.change = OLD.id AND OLD.at < p.before)"
    ),
    "audit_seal": (
        "EXISTS (SELECT 1 FROM audit_pruning p WHERE OLD.number BETWEEN p.first AND p.last) "
        "AND NOT EXISTS (SELECT 1 FROM audit_change c WHERE c.id = OLD.change)"
    ),
}
"""What an act of pruning lets go: first the old records, then the seals of records that went."""
REFUSAL: Final = "the record is only ever added to"


def names(table: str, vendor: str) -> list[str]:
    """The triggers of a table."""
    word = ADDED_TO[table]
    kinds = ("update", "delete", "truncate") if vendor == "postgresql" else ("update", "delete")
    return [f"audit_{word}_no_{kind}" for kind in kinds]


def statements(table: str, vendor: str) -> list[str]:
    """What sets the triggers of a table."""
    may_go = _MAY_GO.get(table, "").format(age=_AGE[vendor])
    return (_postgresql if vendor == "postgresql" else _sqlite)(table, may_go)


def _sqlite(table: str, may_go: str) -> list[str]:
    update, delete = names(table, "sqlite")
    when = f"WHEN NOT ({may_go})" if may_go else ""
    refuse = f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
    return [
        f"DROP TRIGGER IF EXISTS {update}",
        f"CREATE TRIGGER {update} BEFORE UPDATE ON {table} {refuse}",
        f"DROP TRIGGER IF EXISTS {delete}",
        f"CREATE TRIGGER {delete} BEFORE DELETE ON {table} {when} {refuse}",
    ]


def _postgresql(table: str, may_go: str) -> list[str]:
    update, delete, truncate = names(table, "postgresql")
    refuse = f"RAISE EXCEPTION '{REFUSAL}';"
    removal = f"IF {may_go} THEN RETURN OLD; END IF; {refuse}" if may_go else refuse
    return [
        _function(update, refuse),
        _function(delete, removal),
        *(
            line
            for name, kind, each, function in (
                (update, "UPDATE", "ROW", update),
                (delete, "DELETE", "ROW", delete),
                (truncate, "TRUNCATE", "STATEMENT", update),
            )
            for line in (
                f"DROP TRIGGER IF EXISTS {name} ON {table}",
                f"CREATE TRIGGER {name} BEFORE {kind} ON {table} "
                f"FOR EACH {each} EXECUTE FUNCTION {function}()",
            )
        ),
    ]


def _function(name: str, body: str) -> str:
    return (
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ "
        f"BEGIN {body} END $$"
    )


def standing(connection: Any) -> set[str]:  # noqa: ANN401 - Django's connection of either kind
    """The triggers that the database has."""
    query = (
        "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'"
        if connection.vendor == "postgresql"
        else "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    )
    with connection.cursor() as cursor:
        cursor.execute(query)
        return {name for (name,) in cursor.fetchall()}


def missing(connection: Any) -> list[str]:  # noqa: ANN401 - the same
    """The triggers that the database should have and has not."""
    there = standing(connection)
    wanted = [name for table in ADDED_TO for name in names(table, connection.vendor)]
    return [name for name in wanted if name not in there]


def set_up(connection: Any) -> None:  # noqa: ANN401 - the same
    """Set all triggers of the tables that are there."""
    tables = set(connection.introspection.table_names())
    with connection.cursor() as cursor:
        for table in ADDED_TO:
            if table in tables:
                for statement in statements(table, connection.vendor):
                    cursor.execute(statement)
