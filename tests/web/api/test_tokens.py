"""Tokens: made once, bounded by scope, time and their holder; a stolen one ends at once."""

import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.utils import timezone

from guatu.web.people import tokens
from guatu.web.people.models import ApiToken, Scope, SignInEvent
from tests.cast import PASSWORD, Cast
from tests.web.api.conftest import Program, Things, token_of

Make = Callable[..., Program]


def status(token: str, path: str = "/me") -> int:
    headers = {"Authorization": f"Bearer {token}"}
    return Client().get(f"/api/v1{path}", headers=headers).status_code


def test_a_token_tells_whose_it_is_and_is_kept_as_a_digest_only(cast: Cast) -> None:
    text = token_of(cast.duty_officer, Scope.WARNINGS_READ)
    told = Client().get("/api/v1/me", headers={"Authorization": f"Bearer {text}"}).json()
    assert told["username"] == "xianju"
    assert told["scopes"] == ["warnings.read"]
    assert told["grants"] == [
        {
            "role": "duty_officer",
            "organisation": None,
            "region": {"code": "530181", "name": "安宁市"},
            "until": None,
        }
    ]
    (row,) = ApiToken.objects.values()
    assert row["digest"] == hashlib.sha256(text.encode()).hexdigest()
    assert not [value for value in row.values() if text in str(value)]
    assert row["last_used_at"] is not None
    assert SignInEvent.objects.filter(outcome=SignInEvent.Outcome.TOKEN_MADE).count() == 1


@pytest.mark.parametrize(
    "shown", ["", "Bearer", "Bearer x", "Bearer guatu_" + "a" * 43, "Basic eHg6eHg=", "Bearer \x00"]
)
def test_strangers_are_told_so_in_their_language(shown: str, cast: Cast) -> None:
    for language, word in (("en", "No token"), ("zh-CN", "令牌"), ("fr", "令牌")):
        headers = {"Authorization": shown, "Accept-Language": language}
        answer = Client().get("/api/v1/warnings", headers=headers)
        assert answer.status_code == 401
        assert answer["WWW-Authenticate"].startswith("Bearer")
        assert word in answer.json()["detail"]


def test_a_page_elsewhere_gets_nowhere_with_a_readers_cookie(cast: Cast, things: Things) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.plant_officer)
    assert client.get("/api/v1/warnings").status_code == 401
    url = f"/api/v1/warnings/{things.warning.pk}/acknowledge"
    assert client.post(url, {}, content_type="application/json").status_code == 401


def test_what_a_token_does_not_open_stays_shut(program: Make, things: Things) -> None:
    reader = program("plant_officer", Scope.WARNINGS_READ)
    assert reader.get("/warnings").status_code == 200
    refused = reader.post(f"/warnings/{things.warning.pk}/acknowledge")
    assert refused.status_code == 403
    assert refused.json()["type"] == "scope_missing"
    assert reader.get("/plants").status_code == 403


def test_a_token_ends_with_its_time_its_holder_and_by_hand(cast: Cast) -> None:
    text = token_of(cast.viewer, days=30)
    with time_machine.travel(timezone.now() + timedelta(days=30, seconds=1)):
        assert status(text) == 401
    assert status(text) == 200
    cast.viewer.is_active = False
    cast.viewer.save()
    assert status(text) == 401
    cast.viewer.is_active = True
    cast.viewer.save()
    (token,) = cast.viewer.api_tokens.all()
    at = timezone.now()
    with pytest.raises(PermissionDenied):
        tokens.end_token(token.pk, by=cast.administrator, at=at, why="x")
    with pytest.raises(ValidationError):
        tokens.end_token(token.pk, by=cast.security_administrator, at=at)
    tokens.end_token(token.pk, by=cast.security_administrator, at=at, why="seen in a mail")
    assert status(text) == 401
    event = SignInEvent.objects.get(outcome=SignInEvent.Outcome.TOKEN_ENDED)
    assert (event.user, event.by) == (cast.viewer, cast.security_administrator)
    assert "seen in a mail" in event.why
    with pytest.raises(ApiToken.DoesNotExist):
        tokens.end_token(token.pk, by=cast.viewer, at=at)


def test_nobody_makes_a_token_for_another_nor_one_without_end(cast: Cast) -> None:
    at = timezone.now()
    good: dict[str, Any] = {
        "name": "x",
        "scopes": ["warnings.read"],
        "expires_at": at + timedelta(days=1),
        "by": cast.viewer,
        "at": at,
    }
    with pytest.raises(PermissionDenied):
        tokens.make_token(cast.viewer, **{**good, "by": cast.security_administrator})
    for wrong, code in (
        ({"name": " \u200b "}, "name"),
        ({"name": "x" * 61}, "name"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["warnings.read", "everything"]}, "scopes"),
        ({"expires_at": at}, "expires"),
        ({"expires_at": at + timedelta(days=367)}, "expires"),
    ):
        with pytest.raises(ValidationError) as refused:
            tokens.make_token(cast.viewer, **{**good, **wrong})
        assert refused.value.code == code
    for _ in range(tokens.MOST):
        tokens.make_token(cast.viewer, **good)
    with pytest.raises(ValidationError) as refused:
        tokens.make_token(cast.viewer, **good)
    assert refused.value.code == "too_many"


def test_the_page_makes_a_token_against_the_password_and_shows_it_once(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.viewer)
    given = {"name": "大屏", "scopes": ["warnings.read"], "days": "90"}
    assert client.post("/account/tokens/", {**given, "password": "wrong"}).status_code == 422
    assert not ApiToken.objects.exists()
    shown = client.post("/account/tokens/", {**given, "password": PASSWORD})
    text = shown.context["text"]
    assert text in shown.text
    assert status(text) == 200
    listed = client.get("/account/tokens/")
    assert text not in listed.text
    assert text[: tokens.SHOWN] in listed.text
    (token,) = ApiToken.objects.all()
    client.force_login(cast.supervisor)
    assert client.post("/account/tokens/", {"token": token.pk}).status_code == 404
    client.force_login(cast.viewer)
    client.post("/account/tokens/", {"token": token.pk})
    assert status(text) == 401


def test_who_guards_accounts_ends_anothers_token_with_a_reason(cast: Cast) -> None:
    text = token_of(cast.viewer)
    (token,) = ApiToken.objects.all()
    client = Client()
    client.force_login(cast.security_administrator)
    url = f"/sign-ins/{cast.viewer.pk}/"
    assert token.prefix in client.get(url).text
    assert client.post(url, {"token": token.pk, "why": ""}).status_code == 422
    assert status(text) == 200
    client.post(url, {"token": token.pk, "why": "离岗"})
    assert status(text) == 401
