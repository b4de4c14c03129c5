"""The same on PostgreSQL, where it is installed: triggers, TRUNCATE, the chain side by side."""

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.postgres import a_server

SCRIPT = """
import json, threading
import django
django.setup()
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.utils import timezone
call_command("migrate", verbosity=0)
from guatu.web.audit import guards
from guatu.web.audit.checking import verify
from guatu.web.audit.models import Change, Seal
from guatu.web.people.models import SignInEvent, User
from tests.cast import assemble
assemble()
SignInEvent.objects.create(username="x", outcome="refused", at=timezone.now())
def refused(statement):
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    except DatabaseError as error:
        return "only ever added to" in str(error)
    return False
told = {}
for table in guards.ADDED_TO:
    told[table] = [refused(f"TRUNCATE {table} CASCADE")]
for table in ("audit_change", "audit_seal", "people_signinevent"):
    column = "seal = 'x'" if table == "audit_seal" else "at = now()"
    told[table] += [refused(f"UPDATE {table} SET {column}"), refused(f"DELETE FROM {table}")]
def work(number):
    for turn in range(10):
        with transaction.atomic():
            User.objects.filter(username="chakan").update(phone=f"{number}-{turn}")
            User.objects.filter(username="ducha").update(phone=f"{number}-{turn}")
    connection.close()
before = Change.objects.count()
threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
[t.start() for t in threads]; [t.join() for t in threads]
after = Change.objects.count()
chakan = str(User.objects.get(username="chakan").pk)
phones = [(c.changes[0]["from"], c.changes[0]["to"])
          for c in Change.objects.filter(record=chakan, act="changed").order_by("id")]
found = verify(at=timezone.now())
with connection.cursor() as cursor:
    cursor.execute("ALTER TABLE audit_change DISABLE TRIGGER USER")
    cursor.execute("UPDATE audit_change SET why = 'x' WHERE id = 5")
tampered = sorted({f.code for f in verify(at=timezone.now()).findings})
print(json.dumps([told, after - before, [str(f) for f in found.findings],
                  all(a[1] == b[0] for a, b in zip(phones, phones[1:])), tampered]))
"""
ROOT = Path(__file__).resolve().parents[3]


def test_postgresql_refuses_and_the_chain_holds(tmp_path: Path) -> None:
    with a_server() as port:
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT],
            env={
                **os.environ,
                "GUATU_HOME": str(tmp_path),
                "GUATU_DATABASE_URL": f"postgres://guatu:unused@127.0.0.1:{port}/postgres",
                "DJANGO_SETTINGS_MODULE": "guatu.web.settings",
                "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}",
            },
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    told, added, findings, is_a_chain, tampered = json.loads(done.stdout.splitlines()[-1])
    assert all(all(answers) for answers in told.values()), told
    assert added == 80
    assert findings == []
    assert is_a_chain
    assert {"altered", "unguarded"} <= set(tampered)
