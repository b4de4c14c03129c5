"""What the interfaces of all apps share: problems, bounds of numbers, moments, pages of a list."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar

from django.db.models import Model, QuerySet
from ninja import Schema
from pydantic import AfterValidator, AwareDatetime, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from guatu.core.nouns.place import RegionCode

MOST_A_PAGE = 200
LARGEST = 2**63 - 1


def _plain_number(given: Any) -> Any:  # noqa: ANN401 - whatever was sent
    # What an address holds is text; of that the library would take "+1", "1_0" and "1.0", too.
    if isinstance(given, str) and not re.fullmatch(r"-?[0-9]{1,19}", given):
        raise PydanticCustomError("int_parsing", "This is no whole number.")
    return given


def _plain_flag(given: Any) -> Any:  # noqa: ANN401 - whatever was sent
    if isinstance(given, str) and given not in {"true", "false"}:
        raise PydanticCustomError("bool_parsing", "This is neither true nor false.")
    return given


Whole = Annotated[int, BeforeValidator(_plain_number, json_schema_input_type=int)]
Flag = Annotated[bool, BeforeValidator(_plain_flag, json_schema_input_type=bool)]
Number = Annotated[Whole, Field(ge=1, le=LARGEST)]
"""The id of a record, in an address."""
GivenNumber = Annotated[int, Field(strict=True, ge=1, le=LARGEST)]
"""The id of a record, in a body."""


def _written(given: Any) -> Any:  # noqa: ANN401 - whatever was sent
    if not isinstance(given, str):
        raise PydanticCustomError("moment_written", "A moment is written out.")
    return given


def _near(moment: datetime) -> datetime:
    if not 1970 <= moment.year < 2200:
        # Beyond, it overflows on its way to UTC or into a database.
        raise PydanticCustomError("moment_far", "A moment lies between 1970 and 2200.")
    return moment


Moment = Annotated[
    AwareDatetime,
    BeforeValidator(_written, json_schema_input_type=AwareDatetime),
    AfterValidator(_near),
]
"""A moment with its offset; never a bare number, whose unit nobody could know."""


class Given(Schema):
    """What is sent: a name that is not known is a mistake, not a decoration."""

    model_config = ConfigDict(extra="forbid")


class FieldProblem(Schema):
    """What is wrong with one thing that was sent."""

    where: str = Field(description="Its place, such as `body.note` or `query.limit`.")
    detail: str = Field(description="What is wrong and how to mend it, in the reader's language.")


class Problem(Schema):
    """Why a request was not done (after RFC 9457)."""

    type: str = Field(description="Which kind of problem: a word for programs.")
    status: int = Field(description="The HTTP status once more.")
    detail: str = Field(description="For people, in the language of `Accept-Language`.")
    errors: list[FieldProblem] = []


REFUSED = frozenset({400, 401, 403, 404, 409, 422})
"""What any request may be refused with; each carries a `Problem`."""
AWAY = frozenset({503})
"""What is answered where the engine must be asked and is away."""

Text = Annotated[str, Field(max_length=80, pattern=r"^[^\x00]*$")]
"""A text that is searched for; databases refuse the character nought."""


def _code(given: str | None) -> str | None:
    try:
        return None if given is None else RegionCode(given).value
    except ValueError as error:
        raise PydanticCustomError("region_code", "This is no division's code.") from error


Region = Annotated[
    str | None,
    AfterValidator(_code),
    Field(pattern=r"^[1-9]\d{5}$", description="Only in this division (GB/T 2260) or inside it."),
]


class Which(Given):
    """Which part of a list is wanted."""

    after: Whole | None = Field(
        None, ge=1, le=LARGEST, description="Give what follows the page whose `next` this was."
    )
    limit: Whole = Field(50, ge=1, le=MOST_A_PAGE, description="How many at most.")


T = TypeVar("T")
M = TypeVar("M", bound=Model)


class Page(Schema, Generic[T]):
    """A part of a list, the newest first."""

    items: list[T]
    next: int | None = Field(description="Pass it as `after` for the next page; null on the last.")


def page_of(
    rows: QuerySet[M], which: Which, make: Callable[[list[M]], list[Any]]
) -> dict[str, Any]:
    """Give a page of rows, the newest first, by their numbers.

    New rows meanwhile push nothing from one page to the next, and a far page costs no more than
    the first.

    Args:
        rows: all there are for this reader.
        which: part is wanted.
        make: makes what is shown of rows.
    """
    if which.after is not None:
        rows = rows.filter(pk__lt=which.after)
    found = list(rows.order_by("-pk")[: which.limit + 1])
    shown = found[: which.limit]
    more = len(found) > len(shown)
    return {"items": make(shown), "next": shown[-1].pk if more else None}
