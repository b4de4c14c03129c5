"""Every text on every page has its Chinese: no app needs to be named here."""

from pathlib import Path

import pytest
from tools import catalogues


@pytest.mark.parametrize("app", catalogues.apps())
def test_every_text_of_an_app_has_its_chinese(app: str) -> None:
    assert catalogues.check(app) == []


def test_no_text_has_two_chinese_wordings_in_two_apps() -> None:
    assert catalogues.conflicts(catalogues.apps()) == []


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A web with one app that says one thing in Python and two in a template."""
    monkeypatch.setattr(catalogues, "WEB", tmp_path)
    app = tmp_path / "room"
    (app / "templates").mkdir(parents=True)
    (app / "apps.py").write_text('A = _("Door")\n')
    (app / "templates" / "a.html").write_text(
        '<div>\n      {% translate "Window" %}\n   </div>\n'
        "{% blocktranslate count n=n %}{{ n }} chair"
        "{% plural %}{{ n }} chairs{% endblocktranslate %}"
    )
    return app


def _translate(room: Path, **texts: str) -> None:
    path = catalogues.po_path(room.name)
    po = path.read_text()
    for msgid, msgstr in texts.items():
        po = po.replace(f'msgid "{msgid}"\nmsgstr ""', f'msgid "{msgid}"\nmsgstr "{msgstr}"')
    po = po.replace('msgstr[0] ""', 'msgstr[0] "%(n)s 把椅子"')
    path.write_text(po)


def test_a_new_text_is_found_in_python_and_in_templates(room: Path) -> None:
    assert len(catalogues.check("room")) == 3
    assert catalogues.update("room") == 3


def test_a_translated_app_passes_and_keeps_its_words_at_the_next_update(room: Path) -> None:
    catalogues.update("room")
    _translate(room, Door="门", Window="窗")
    assert catalogues.update("room") == 0
    assert catalogues.check("room") == []
    before = catalogues.po_path("room").read_bytes()
    catalogues.update("room")
    assert catalogues.po_path("room").read_bytes() == before


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        pytest.param('msgstr "门"', 'msgstr ""', "no Chinese", id="missing"),
        pytest.param('msgid "Door"', '#, fuzzy\nmsgid "Door"', "fuzzy", id="fuzzy"),
        pytest.param("%(n)s 把", "%(k)s 把", "placeholders differ", id="placeholder"),
        pytest.param('msgid "Door"', 'msgid "Gate"', "stale", id="stale"),
        pytest.param('msgstr "门"', 'msgstr "门口"', "compiled", id="not compiled"),
    ],
)
def test_what_is_wrong_with_a_catalogue_is_told(
    room: Path, old: str, new: str, complaint: str
) -> None:
    catalogues.update("room")
    _translate(room, Door="门", Window="窗")
    catalogues.update("room")
    path = catalogues.po_path("room")
    path.write_text(path.read_text().replace(old, new))
    assert any(complaint in problem for problem in catalogues.check("room"))


def test_two_wordings_for_one_text_are_told(room: Path) -> None:
    catalogues.update("room")
    _translate(room, Door="门", Window="窗")
    other = room.parent / "hall"
    other.mkdir()
    (other / "apps.py").write_text('A = _("Door")\n')
    catalogues.update("hall")
    _translate(other, Door="入口")
    assert len(catalogues.conflicts(["room", "hall"])) == 1
