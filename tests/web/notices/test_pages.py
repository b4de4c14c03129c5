"""Pages of notices: what one wants, hooks, the log."""

from django.test import Client

from guatu.web.notices import actions
from guatu.web.notices.models import Delivery, Hook, Preference
from tests.cast import Cast
from tests.web.notices.conftest import MakeHook
from tests.web.warnings.conftest import NOON

WANTED = {
    "email": "wang@example.test",
    "email_from": "4",
    "gateway_from": "9",
    "quiet_from": "22:00",
    "quiet_until": "06:30",
    "language": "en",
}


def test_one_says_by_which_way_one_wants_to_be_told(cast: Cast, client: Client) -> None:
    client.force_login(cast.plant_officer)
    assert client.post("/account/notices/", WANTED).status_code == 302
    kept = Preference.objects.get(user=cast.plant_officer)
    assert (kept.email_from, kept.gateway_from, kept.language) == (4, 9, "en")
    assert f"{kept.quiet_from:%H:%M}" == "22:00"
    cast.plant_officer.refresh_from_db()
    assert cast.plant_officer.email == "wang@example.test"
    assert 'value="22:00"' in client.get("/account/notices/").content.decode()


def test_half_a_quiet_time_and_no_address_are_refused_in_words(cast: Cast, client: Client) -> None:
    client.force_login(cast.plant_officer)
    answer = client.post("/account/notices/", WANTED | {"quiet_until": "", "email": "wang@"})
    assert answer.status_code == 422
    assert not Preference.objects.exists()
    answer = client.post("/account/notices/", WANTED | {"quiet_until": ""})
    assert "请同时填写起止时间" in answer.content.decode()


def test_an_administrator_makes_tries_changes_and_ends_a_hook(cast: Cast, client: Client) -> None:
    client.force_login(cast.administrator)
    assert "msgtype" in client.get("/notices/hooks/add/?preset=wecom").content.decode()
    given = {
        "name": "值班群",
        "organisation": cast.county_bureau.name,
        "audience": "events",
        "url": "https://qyapi.example.test/send?key=geheim",
        "from_level": "3",
        "template": '{"text": "${title}"}',
    }
    refused = client.post("/notices/hooks/add/", given | {"template": '{"text": "${x}"}'})
    assert refused.status_code == 422
    assert "没有“x”这样的名称" in refused.content.decode()
    made = client.post("/notices/hooks/add/", given).content.decode()
    assert "whsec_" in made
    hook = Hook.objects.get()
    listed = client.get("/notices/hooks/").content.decode()
    assert "qyapi.example.test" in listed
    assert "geheim" not in listed
    assert client.post(f"/notices/hooks/{hook.pk}/try/").status_code == 302
    trial = Delivery.objects.get()
    assert trial.hook == hook
    assert trial.message is None
    page = f"/notices/hooks/{hook.pk}/"
    assert "whsec_" not in client.get(page).content.decode()
    assert client.post(page, given | {"name": "新名"}).status_code == 302
    hook.refresh_from_db()
    assert hook.name == "新名"
    client.post(f"{page}end/", {"why": ""})
    assert Hook.objects.get().ended_at is None
    client.post(f"{page}end/", {"why": "停用"})
    assert Hook.objects.get().ended_why == "停用"


def test_only_administrators_of_the_place_look_after_hooks(
    cast: Cast, client: Client, hook: MakeHook
) -> None:
    made = hook()
    for who in (cast.duty_officer, cast.auditor, cast.plant_officer):
        client.force_login(who)
        assert client.get("/notices/hooks/").status_code == 403
        assert client.get(f"/notices/hooks/{made.pk}/").status_code == 404
        assert client.post(f"/notices/hooks/{made.pk}/end/", {"why": "x"}).status_code == 404


def test_the_log_tells_to_whom_and_how_it_went_but_not_what(
    cast: Cast, client: Client, hook: MakeHook
) -> None:
    made = hook()
    row = actions.try_hook(made.pk, by=cast.administrator, at=NOON)
    Delivery.objects.update(state=Delivery.State.FAILED, ended_at=NOON, error="HTTP 500")
    client.force_login(cast.auditor)
    shown = client.get("/notices/deliveries/?state=failed").content.decode()
    assert "HTTP 500" in shown
    assert "已放弃" in shown
    assert "/again/" not in shown
    assert client.post(f"/notices/deliveries/{row.pk}/again/").status_code == 403
    client.force_login(cast.administrator)
    assert (
        f"/notices/deliveries/{row.pk}/again/"
        in client.get("/notices/deliveries/").content.decode()
    )
    client.post(f"/notices/deliveries/{row.pk}/again/")
    assert Delivery.objects.get().state == Delivery.State.WAITING
