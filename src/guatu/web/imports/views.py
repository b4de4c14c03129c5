"""Bringing a table: the upload, what would come of each row, importing, undoing."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.http import content_disposition_header
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from guatu.access.problems import RefusedError as ConfigurationRefusedError
from guatu.web.imports import actions, annotate
from guatu.web.imports.actions import RefusedError
from guatu.web.imports.kinds import Kind, kind_of, kinds
from guatu.web.imports.models import Import, ImportedRow, Outcome, Stage
from guatu.web.imports.reading import MOST_BYTES, UnreadableError
from guatu.web.imports.wording import cell_sentence, file_sentence
from guatu.web.people import permission
from guatu.web.people.signed_in import SignedInRequest
from guatu.web.shell.recorded import DONE, tell
from guatu.web.shell.tables import Column, Table
from guatu.web.shell.templatetags.guatu import state

EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
TONES = {
    Outcome.NEW: "good",
    Outcome.CHANGED: "attention",
    Outcome.SAME: "idle",
    Outcome.WRONG: "bad",
}
STAGE_TONES = {Stage.TRIED: "attention", Stage.DONE: "good", Stage.UNDONE: "idle"}


def _kind(code: str) -> Kind:
    kind = kind_of(code)
    if kind is None:
        raise Http404
    return kind


def _target(request: SignedInRequest, kind: Kind) -> Any:  # noqa: ANN401 - the kind's
    text = request.GET.get("target", "")
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 18 else None
    return kind.target(number, request.user)


def _own(request: SignedInRequest, import_id: int) -> Import:
    try:
        return get_object_or_404(Import.objects.filter(by=request.user), pk=import_id)
    except OverflowError as error:
        raise Http404 from error


def _file(content: bytes, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type=EXCEL)
    response["Content-Disposition"] = content_disposition_header(True, name) or ""  # noqa: FBT003
    return response


def _label(of: Import) -> str:
    kind = kind_of(of.kind)
    return str(kind.label) if kind is not None else of.kind


_LISTED: list[Column[Import]] = [
    Column(
        key="stage",
        label=gettext_lazy("Status"),
        value=lambda i: i.get_stage_display(),
        cell=lambda i: state(STAGE_TONES[Stage(i.stage)], i.get_stage_display()),
    ),
    Column(
        key="file",
        label=gettext_lazy("File"),
        value=lambda i: i.filename,
        cell=lambda i: format_html(
            '<a href="{}">{}</a>', reverse("imports:shown", args=[i.pk]), i.filename
        ),
        sort="filename",
    ),
    Column(key="kind", label=gettext_lazy("Table"), value=_label),
    Column(key="about", label=gettext_lazy("About"), value=lambda i: i.about),
    Column(
        key="uploaded", label=gettext_lazy("Brought"), value=lambda i: i.uploaded_at,
        sort="uploaded_at",
    ),
    Column(key="new", label=gettext_lazy("New"), value=lambda i: i.counts.get(Outcome.NEW, 0)),
    Column(
        key="changed",
        label=gettext_lazy("Changed"),
        value=lambda i: i.counts.get(Outcome.CHANGED, 0),
    ),
    Column(
        key="wrong",
        label=gettext_lazy("To be mended"),
        value=lambda i: i.counts.get(Outcome.WRONG, 0),
    ),
    Column(key="done", label=gettext_lazy("Imported"), value=lambda i: i.done_at),
]  # fmt: skip


@require_safe
def listed(request: SignedInRequest) -> HttpResponseBase:
    """The tables that the reader brought."""
    permission.demand(request.user, "imports.bring")
    table = Table(
        request,
        columns=_LISTED,
        rows=Import.objects.filter(by=request.user).defer("content"),
        name=_("Imports"),
        default_sort="-uploaded",
        empty=_("Nothing was brought yet. Choose a kind of table above; for points and limits "
                "begin on a plant's page of limits."),
    )  # fmt: skip
    if (file := table.export()) is not None:
        return file
    free = [kind for kind in kinds() if _is_free(kind, request)]
    return render(request, "imports/list.html", {"table": table, "kinds": free})


def _is_free(kind: Kind, request: SignedInRequest) -> bool:
    """Whether the reader may bring a table of a kind that is about no one thing."""
    try:
        return kind.target(None, request.user) is None
    except (Http404, PermissionDenied):
        return False


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def bring(request: SignedInRequest, kind: str) -> HttpResponse:
    """The upload; what comes of it is shown before anything is written."""
    found = _kind(kind)
    target = _target(request, found)
    error = ""
    if request.method == "POST":
        given = request.FILES.get("file")
        try:
            tried = actions.try_file(
                found,
                target,
                # Of a file that is too large no more is read than shows it.
                content=given.read(MOST_BYTES + 1) if given is not None else b"",
                filename=(given.name or "") if given is not None else "",
                by=request.user,
                at=timezone.now(),
            )
        except UnreadableError as refused:
            error = file_sentence(refused.code, refused.facts)
        else:
            return redirect("imports:shown", tried.pk)
    context = {
        "kind": found,
        "about": found.about(target),
        "back": found.url(target),
        "error": error,
        "query": request.GET.urlencode(),
        "most_mb": MOST_BYTES >> 20,
    }
    return render(request, "imports/bring.html", context, status=422 if error else 200)


@require_safe
def template(request: SignedInRequest, kind: str) -> HttpResponse:
    """An empty table of a kind."""
    found = _kind(kind)
    _target(request, found)
    name = str(found.label)
    return _file(annotate.template(name, found.fields), f"{name}.xlsx")


def _columns(kind: Kind) -> list[Column[ImportedRow]]:
    labels = {one.name: str(one.label) for one in kind.fields} | {"in_use": _("In use")}

    def label(name: str) -> str:
        first, _dot, rest = name.partition(".")
        return " ".join(labels.get(part, part) for part in (first, rest) if part)

    def changes(row: ImportedRow) -> str:
        return "; ".join(
            f"{label(name)}: {before} → {after}" if before else f"{label(name)}: {after or '–'}"
            for name, before, after in row.changes
        )

    def problems(row: ImportedRow) -> list[tuple[str, str, str]]:
        return [
            (
                label(one["name"]),
                row.cells.get(one["name"], ""),
                cell_sentence(one["code"], one["facts"]),
            )
            for one in row.problems
        ]

    def told(row: ImportedRow) -> str:
        if not row.problems:
            return changes(row)
        return "; ".join(" ".join(part for part in one if part) for one in problems(row))

    def cell(row: ImportedRow) -> SafeString:
        if not row.problems:
            return format_html("{}", changes(row))
        lines = (
            (name, format_html(" <q>{}</q>", typed) if typed else "", said)
            for name, typed, said in problems(row)
        )
        return format_html_join("", "<div><b>{}</b>{} {}</div>", lines)

    return [
        Column(key="row", label=_("Row"), value=lambda r: r.number, sort="number"),
        Column(
            key="outcome",
            label=_("What comes of it"),
            value=lambda r: r.get_outcome_display(),
            cell=lambda r: state(TONES[Outcome(r.outcome)], r.get_outcome_display()),
        ),
        Column(key="key", label=_("Which"), value=lambda r: r.key, sort="key"),
        Column(key="told", label=_("Changes, or what is to be mended"), value=told, cell=cell),
    ]


@require_safe
def shown(request: SignedInRequest, import_id: int) -> HttpResponseBase:
    """What would come, or came, of every row."""
    found = _own(request, import_id)
    kind = _kind(found.kind)
    outcome = request.GET.get("outcome", "")
    rows = found.rows.all()
    if outcome in Outcome.values:
        rows = rows.filter(outcome=outcome)
    table = Table(
        request,
        columns=_columns(kind),
        rows=rows,
        name=found.filename,
        default_sort="row",
        page_size=100,
        empty=_("No row of this kind."),
    )
    if (file := table.export()) is not None:
        return file
    good = found.counts.get(Outcome.NEW, 0) + found.counts.get(Outcome.CHANGED, 0)
    same = Import.objects.filter(
        kind=found.kind, target=found.target, sha256=found.sha256, stage=Stage.DONE
    ).exclude(pk=found.pk)
    context = {
        "of": found,
        "kind": kind,
        "label": _label(found),
        "table": table,
        "outcome": outcome,
        "tiles": [(o, o.label, found.counts.get(o, 0), TONES[o]) for o in Outcome],
        "good": good,
        "wrong": found.counts.get(Outcome.WRONG, 0),
        "before": same.select_related("by").first(),
        "again": reverse("imports:bring", args=[found.kind])
        + (f"?target={found.target}" if found.target else ""),
    }
    return render(request, "imports/shown.html", context)


@require_safe
def annotated(request: SignedInRequest, import_id: int) -> HttpResponse:
    """The very file, with what is to be mended marked in it."""
    found = _own(request, import_id)
    stem = found.filename.rpartition(".")[0] or found.filename
    content = annotate.annotated(found, annotate.wrong_rows(found))
    return _file(content, f"{stem}-{_('to be mended')}.xlsx")


@never_cache
@require_POST
@sensitive_variables("once")
def act(request: SignedInRequest, import_id: int, deed: str) -> HttpResponse:
    """Import the good rows, look again, or undo."""
    found = _own(request, import_id)
    if deed not in {"import", "again", "undo"}:
        raise Http404
    now = timezone.now()
    once: list[tuple[str, ...]] = []
    try:
        if deed == "import":
            why = request.POST.get("why", "")
            found, once = actions.import_rows(found.pk, why=why, by=request.user, at=now)
            said = _("%(n)s rows have been imported.") % {
                "n": found.counts.get(Outcome.NEW, 0) + found.counts.get(Outcome.CHANGED, 0)
            }
        elif deed == "undo":
            found = actions.undo_import(found.pk, by=request.user, at=now)
            said = _("The import has been undone.")
        else:
            found = actions.try_again(found.pk, by=request.user, at=now)
            said = _("This is what would come of it now.")
    except (RefusedError, UnreadableError) as refused:
        messages.error(request, file_sentence(refused.code, refused.facts))
        return redirect("imports:shown", import_id)
    except ConfigurationRefusedError:
        messages.error(request, _("The engine would not take this configuration."))
        return redirect("imports:shown", import_id)
    if deed != "again":
        tell(DONE, what=f"{_label(found)} {found.filename} {found.get_stage_display()}")
    messages.success(request, said)
    if once:
        head, *rows = once
        return _once(request, found, head, rows)
    return redirect("imports:shown", found.pk)


def _once(
    request: HttpRequest, of: Import, head: tuple[str, ...], rows: list[tuple[str, ...]]
) -> HttpResponse:
    context = {"of": of, "head": head, "rows": rows}
    return render(request, "imports/once.html", context)
