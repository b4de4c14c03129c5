"""The doors of the whole web, found by walking the URLconf: a new page is tested unnamed."""

import re

import pytest
from django.test import Client

from tests.cast import Cast
from tests.web.routes import routes, routes_for_programs

# What a stranger may open, each with its reason.
OPEN = {
    "people:signin",  # the door itself
    "shell:healthz",  # the supervisor has no account
    "shell:language",  # one must be able to read the door
    "shell:theme",
}
SAMPLES = {"int": "1", "str": "530181", "slug": "a-b", "path": "a/b", "uuid": "0" * 32}


def _example(route: str) -> str:
    """Give an address of a route."""
    return re.sub(r"<(?:(\w+):)?\w+>", lambda m: SAMPLES.get(m[1] or "str", "1"), route)


ROUTES = {name: _example(route) for name, route in routes()}


@pytest.mark.parametrize("name", sorted(set(ROUTES) - OPEN))
def test_a_stranger_is_sent_to_the_sign_in_page(name: str, client: Client, db: None) -> None:
    for answer in (client.get(ROUTES[name]), client.post(ROUTES[name])):
        assert answer.status_code == 302
        assert answer["Location"].startswith("/signin/?next=")


@pytest.mark.parametrize(("name", "route"), sorted(routes_for_programs()))
def test_a_strange_program_is_told_so(name: str, route: str, client: Client, db: None) -> None:
    for answer in (client.get(_example(route)), client.post(_example(route))):
        # The description is for everybody; at the root there is nothing.
        described = {200} if name == "api:openapi-json" else set()
        assert answer.status_code in {401, 405, *({404} if name == "api:api-root" else described)}


@pytest.mark.parametrize("name", sorted(OPEN))
def test_what_is_open_is_a_route_and_opens(name: str, client: Client, db: None) -> None:
    assert client.get(ROUTES[name]).status_code in {200, 405}


@pytest.mark.parametrize("name", sorted(set(ROUTES) - {"people:signout"}))
def test_no_address_breaks_for_anyone_signed_in(name: str, client: Client, cast: Cast) -> None:
    for user in cast.users.values():
        client.force_login(user)
        assert client.get(ROUTES[name]).status_code in {200, 302, 403, 404, 405, 503}


def _policy(header: str) -> dict[str, list[str]]:
    parts = [part.split() for part in header.split(";") if part.strip()]
    return {part[0]: sorted(part[1:]) for part in parts}


@pytest.mark.parametrize("path", ["/signin/", "/nowhere/", "/account/"])
def test_every_answer_carries_the_content_policy(path: str, client: Client, cast: Cast) -> None:
    client.force_login(cast.duty_officer)
    assert _policy(client.get(path)["Content-Security-Policy"]) == {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "connect-src": ["'self'", "http://testserver:8001"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }


def test_the_live_origin_is_that_of_the_requests_host(client: Client, db: None) -> None:
    answer = client.get("/signin/", headers={"host": "localhost:8000"})
    assert "http://localhost:8001" in answer["Content-Security-Policy"]


def test_a_host_that_is_not_ours_is_answered_with_a_page(client: Client, db: None) -> None:
    answer = client.get("/signin/", headers={"host": "evil.example"})
    assert answer.status_code == 400
    assert "GUATU_HOSTS" in answer.content.decode()
    assert "evil" not in answer["Content-Security-Policy"]


def test_pages_carry_the_other_guards(client: Client, db: None) -> None:
    answer = client.get("/signin/")
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"


def test_a_form_without_its_token_is_refused_with_a_page_that_helps(cast: Cast) -> None:
    answer = Client(enforce_csrf_checks=True).post("/signin/", {"username": "xianju"})
    assert answer.status_code == 403
    assert "表单未能提交" in answer.content.decode()


def test_health_tells_whether_the_database_answers(client: Client, db: None) -> None:
    assert client.get("/healthz").json() == {"ok": True, "database": True}
