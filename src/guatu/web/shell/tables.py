"""Tables: one description, shown as HTML (sorted and paged by the server) and exported to Excel.

A view describes its columns once::

    table = Table(
        request, rows=queries.visible_to(request.user), name=_("Warnings"), default_sort="-raised",
        columns=[
            Column(key="title", label=_("Content"), value=lambda w: w.title, sort="title"),
            Column(key="raised", label=_("Raised"), value=lambda w: w.raised_at, sort="raised_at"),
        ],
    )
    if (file := table.export()) is not None:
        return file
    return render(request, "…", {"table": table})

and its template says `{% table table %}`.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any, Generic, Literal, TypeVar, cast

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import FileResponse, HttpRequest
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from guatu.web.shell import spreadsheet, words
from guatu.web.shell.recorded import EXPORTED, tell

Row = TypeVar("Row")
Plain = str | int | float | Decimal | bool | datetime | date | None | Promise


@dataclass(frozen=True, slots=True, kw_only=True)
class Column(Generic[Row]):
    """A column.

    Attributes:
        key: its name in addresses (`?sort=key`), ASCII.
        label: its heading, lazily translated.
        value: the plain value of a row: what is exported and, without `cell`, shown.
        cell: the value as HTML, where plain text is not enough (a link, a badge).
        sort: the field to order by in the database; for plain sequences any non-empty text allows
            sorting by `value`. Empty: not sortable.
        unit: shown in the heading and in the file.
        decimals: for figures.
        align: "end" or "start"; by default figures without a `cell` of their own stand at the end.
        phone: False leaves the column out on a phone.
    """

    key: str
    label: str | Promise
    value: Callable[[Row], Plain]
    cell: Callable[[Row], str] | None = None
    sort: str = ""
    unit: str = ""
    decimals: int | None = None
    align: Literal["", "start", "end"] = ""
    phone: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """A heading as one page shows it."""

    label: str | Promise
    unit: str
    css: str
    sort_url: str
    direction: str  # "ascending", "descending" or "none", as aria-sort wants it


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A cell as one page shows it; the label repeats its heading on a phone."""

    html: SafeString
    css: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A row as one page shows it."""

    cells: list[Cell]
    css: str


class Table(Generic[Row]):
    """Columns over rows, as one request wants them: sorted, paged, or as a file."""

    def __init__(  # noqa: PLR0913 - a description with defaults, all by name
        self,
        request: HttpRequest,
        *,
        columns: Sequence[Column[Row]],
        rows: QuerySet[Any] | Sequence[Row],
        name: str | Promise,
        default_sort: str = "",
        page_size: int = 50,
        row_css: Callable[[Row], str] | None = None,
        empty: str | Promise = "",
        prefix: str = "",
        live: bool = False,
    ) -> None:
        """Describe a table.

        Args:
            request: tells sort, page and export by its query.
            columns: from left to right.
            rows: a query that already holds only what the user may see, or a sequence.
            name: what it is called: caption, file name, sheet name.
            default_sort: a column's key, with "-" for descending.
            page_size: rows a page.
            row_css: a class for a row, such as "row-red".
            empty: what to say where there are no rows.
            prefix: sets several tables on one page apart in the address.
            live: fetch the table again when something changed (at most once a second).
        """
        self.request = request
        self.columns = columns
        self.name = name
        self.page_size = page_size
        self.row_css = row_css
        self.empty = empty
        self.prefix = prefix
        self.live = live
        self._rows = rows
        self._default_sort = default_sort

    @property
    def element_id(self) -> str:
        """The id of the table's element, for htmx to swap."""
        return f"table-{self.prefix}" if self.prefix else "table"

    def _parameter(self, name: str) -> str:
        return f"{self.prefix}-{name}" if self.prefix else name

    def _url(self, **changes: str) -> str:
        query = self.request.GET.copy()
        for name, value in changes.items():
            query[self._parameter(name)] = value
        return f"?{query.urlencode()}"

    @property
    def url(self) -> str:
        """The address that shows this very table again."""
        return self.request.get_full_path()

    @property
    def export_url(self) -> str:
        """The address of the table as a file."""
        return self._url(export="xlsx")

    @cached_property
    def sort(self) -> str:
        """The key sorted by, with "-" for descending; what nobody offers is not obeyed."""
        wanted = self.request.GET.get(self._parameter("sort"), self._default_sort)
        known = {column.key for column in self.columns if column.sort}
        return wanted if wanted.removeprefix("-") in known else self._default_sort

    @cached_property
    def sorted_rows(self) -> QuerySet[Any] | Sequence[Row]:
        """All rows in the wanted order."""
        key, descending = self.sort.removeprefix("-"), self.sort.startswith("-")
        column = next((c for c in self.columns if c.key == key and c.sort), None)
        if column is None:
            return self._rows
        if isinstance(self._rows, QuerySet):
            sign = "-" if descending else ""
            # The key after it, so that equal rows stay where they are from page to page.
            return self._rows.order_by(f"{sign}{column.sort}", f"{sign}pk")
        return _sorted(self._rows, column.value, descending=descending)

    @cached_property
    def page(self) -> Page[Any]:
        """The page of rows that the request asks for; beyond the last one is the last one."""
        number = self.request.GET.get(self._parameter("page"), "1")
        return Paginator(self.sorted_rows, self.page_size).get_page(number)

    @property
    def headings(self) -> list[Heading]:
        """The headings with their sort links."""
        return [self._heading(column) for column in self.columns]

    def _heading(self, column: Column[Row]) -> Heading:
        direction, sort_url = "none", ""
        if column.sort:
            if self.sort.removeprefix("-") == column.key:
                direction = "descending" if self.sort.startswith("-") else "ascending"
            following = f"-{column.key}" if direction == "ascending" else column.key
            sort_url = self._url(sort=following, page="1")
        return Heading(
            label=column.label,
            unit=column.unit,
            css=_css(column, figures=self._has_figures(column)),
            sort_url=sort_url,
            direction=direction,
        )

    def _has_figures(self, column: Column[Row]) -> bool:
        """A column is set to the end when the first value it shows is a figure."""
        if column.align or column.cell is not None:
            return column.align == "end"
        values = (column.value(row) for row in self.page.object_list)
        return _is_figure(next((v for v in values if v is not None), None))

    @property
    def lines(self) -> list[Line]:
        """The page's rows."""
        styles = [_css(c, figures=self._has_figures(c)) for c in self.columns]
        return [
            Line(
                cells=[
                    Cell(html=_html(column, row), css=css, label=_full_heading(column))
                    for column, css in zip(self.columns, styles, strict=True)
                ],
                css=self.row_css(row) if self.row_css else "",
            )
            for row in self.page.object_list
        ]

    @property
    def previous_url(self) -> str:
        """The page before, or ""."""
        page = self.page
        return self._url(page=str(page.previous_page_number())) if page.has_previous() else ""

    @property
    def next_url(self) -> str:
        """The page after, or ""."""
        page = self.page
        return self._url(page=str(page.next_page_number())) if page.has_next() else ""

    def export(self) -> FileResponse | None:
        """The table as an Excel file where the request asks for one (`?export=xlsx`), else None.

        All rows in the wanted order, not only the page's.
        """
        if self.request.GET.get(self._parameter("export")) != "xlsx":
            return None
        rows = self.sorted_rows
        lines: Iterable[Row] = (
            cast("Iterable[Row]", rows.iterator(chunk_size=2000))
            if isinstance(rows, QuerySet)
            else rows
        )
        given = 0

        def written() -> Iterator[list[Plain]]:
            nonlocal given
            for row in lines:
                given += 1
                yield [column.value(row) for column in self.columns]

        headings = [_full_heading(column) for column in self.columns]
        file = spreadsheet.write(name=str(self.name), headings=headings, lines=written())
        tell(EXPORTED, what=str(self.name), rows=given)
        stamp = f"{timezone.localtime():%Y%m%d-%H%M}"
        return FileResponse(file, as_attachment=True, filename=f"{self.name}-{stamp}.xlsx")


def _is_figure(value: object) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _css(column: Column[Any], *, figures: bool) -> str:
    return " ".join(
        name for name, wanted in (("num", figures), ("no-phone", not column.phone)) if wanted
    )


def _html(column: Column[Row], row: Row) -> SafeString:
    if column.cell is not None:
        return SafeString(conditional_escape(column.cell(row)))
    return _plain_html(column.value(row), column.decimals)


def _plain_html(value: Plain, decimals: int | None) -> SafeString:
    if value is None or value == "":
        return SafeString(words.NOTHING)
    if isinstance(value, bool):
        return SafeString(conditional_escape(_("yes") if value else _("no")))
    if _is_figure(value):
        return SafeString(conditional_escape(words.number(value, decimals)))
    if isinstance(value, datetime):
        return format_html(
            '<time datetime="{}" title="{}">{}</time>',
            timezone.localtime(value).isoformat(timespec="seconds"),
            words.full_moment(value),
            words.short_moment(value, at=timezone.now()),
        )
    return SafeString(conditional_escape(str(value)))


def _full_heading(column: Column[Any]) -> str:
    return f"{column.label} ({column.unit})" if column.unit else str(column.label)


def _sorted(rows: Sequence[Row], value: Callable[[Row], Plain], *, descending: bool) -> list[Row]:
    """Sort by a plain value; rows without one stand last either way."""
    keyed = [(value(row), row) for row in rows]
    filled: list[tuple[Any, Row]] = [(key, row) for key, row in keyed if key is not None]
    filled.sort(key=lambda pair: pair[0], reverse=descending)
    return [row for _key, row in filled] + [row for key, row in keyed if key is None]
