"""Addresses of people."""

from django.urls import path

from guatu.web.people import second_factor_views, session_views, token_views, views
from guatu.web.people.pages import contacts, grants, organisations, people

app_name = "people"
urlpatterns = [
    path("signin/", views.signin, name="signin"),
    path("signout/", views.signout, name="signout"),
    path("signin/code/", second_factor_views.ask_code, name="code"),
    path("account/", views.account, name="account"),
    path("account/second-factor/", second_factor_views.own_second_factor, name="second-factor"),
    path("account/sessions/", session_views.own_sessions, name="sessions"),
    path("account/tokens/", token_views.own_tokens, name="tokens"),
    path("sign-ins/", session_views.sign_ins, name="sign-ins"),
    path("sign-ins/<int:pk>/", session_views.access, name="access"),
    path("people/", people.people, name="people"),
    path("people/add/", people.add, name="add"),
    path("people/<int:user_id>/", people.person, name="person"),
    path("people/<int:user_id>/edit/", people.edit, name="edit"),
    path("people/<int:user_id>/close/", people.close, name="close"),
    path("people/<int:user_id>/reopen/", people.reopen, name="reopen"),
    path("people/<int:user_id>/password/", people.password, name="password"),
    path("people/<int:user_id>/grant/", grants.grant, name="grant"),
    path("people/grants/<int:grant_id>/end/", grants.end, name="end-grant"),
    path("people/organisations/", organisations.organisations, name="organisations"),
    path(
        "people/organisations/<int:organisation_id>/contacts/", contacts.contacts, name="contacts"
    ),
    path("people/organisations/add/", organisations.add, name="add-organisation"),
    path(
        "people/organisations/<int:organisation_id>/edit/",
        organisations.edit,
        name="edit-organisation",
    ),
    path(
        "people/organisations/<int:organisation_id>/end/",
        organisations.end,
        name="end-organisation",
    ),
]
