"""Foreign keys are imports in disguise: they too point downwards in the house."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import models

ROOT = Path(__file__).resolve().parents[3]


def _floors() -> dict[str, int]:
    """The floor of each app of the web, the highest first, as the import contract says."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"][
        "contracts"
    ]
    layers = next(c["layers"] for c in contracts if c["name"] == "Web apps depend downwards")
    return {
        room.strip(" ()"): -height
        for height, layer in enumerate(layers)
        for room in layer.split("|")
    }


def _relations(model: type[models.Model]) -> Iterator[tuple[str, type[models.Model]]]:
    for field in model._meta.get_fields(include_hidden=True):
        if field.concrete and field.is_relation:
            yield field.name, field.related_model  # type: ignore[misc]


def _app_of(model: type[models.Model]) -> str:
    return model.__module__.removeprefix("guatu.web.").split(".")[0]


def _violations(all_models: list[Any]) -> list[str]:
    floors = _floors()
    return [
        f"{model.__name__}.{name} points up to {target.__name__}"
        for model in all_models
        for name, target in _relations(model)
        if model.__module__.startswith("guatu.web.")
        and target.__module__.startswith("guatu.web.")
        and floors[_app_of(target)] > floors[_app_of(model)]
    ]


def test_foreign_keys_point_to_the_same_floor_or_below() -> None:
    assert _violations(list(apps.get_models(include_auto_created=True))) == []


def test_the_contract_knows_every_app() -> None:
    rooms = {
        config.name.removeprefix("guatu.web.")
        for config in apps.get_app_configs()
        if config.name.startswith("guatu.web.")
    }
    assert rooms <= set(_floors())
    assert _floors()["people"] > _floors()["regions"] > _floors()["shell"]


def test_a_key_that_points_up_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    user = apps.get_model("people", "User")
    monkeypatch.setattr(user, "__module__", "guatu.web.wall.models")
    assert any("points up to User" in told for told in _violations(list(apps.get_models())))
