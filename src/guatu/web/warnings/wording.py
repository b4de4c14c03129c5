"""Verbs and refusals in the reader's words."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from guatu.core.nouns.warning import Refusal, State, Verb, Verdict
from guatu.web.warnings import errors
from guatu.web.warnings.models import (
    Warning,  # noqa: A004 - the house's noun
    WarningState,
)

VERB_WORDS: Mapping[Verb, Promise] = {
    Verb.ACKNOWLEDGE: pgettext_lazy("verb", "Acknowledge"),
    Verb.VERIFY: pgettext_lazy("verb", "Verify"),
    Verb.HANDLE: pgettext_lazy("verb", "Handle"),
    Verb.FEED_BACK: pgettext_lazy("verb", "Feed back"),
    Verb.CLOSE: pgettext_lazy("verb", "Close"),
    Verb.HAND_OVER: pgettext_lazy("verb", "Hand over"),
    Verb.URGE: pgettext_lazy("verb", "Urge"),
    Verb.REOPEN: pgettext_lazy("verb", "Send back"),
    Verb.ADD_NOTE: pgettext_lazy("verb", "Add note"),
}

VERIFY_AGAIN = pgettext_lazy("verb", "Verify again")

VERB_KEYS: Mapping[Verb, str] = {
    Verb.ACKNOWLEDGE: "a",
    Verb.VERIFY: "v",
    Verb.HANDLE: "h",
    Verb.FEED_BACK: "f",
    Verb.CLOSE: "c",
    Verb.HAND_OVER: "t",
    Verb.URGE: "u",
    Verb.REOPEN: "r",
    Verb.ADD_NOTE: "n",
}
"""The letter that does a verb on the desk; none of them moves or searches."""

NOTE_LABELS: Mapping[Verb, Promise] = {
    Verb.ACKNOWLEDGE: gettext_lazy("Remark"),
    Verb.VERIFY: gettext_lazy("What was found"),
    Verb.HANDLE: gettext_lazy("Measures taken"),
    Verb.FEED_BACK: gettext_lazy("Cause and result"),
    Verb.CLOSE: gettext_lazy("Closing opinion"),
    Verb.HAND_OVER: gettext_lazy("Reason for handing over"),
    Verb.URGE: gettext_lazy("What is asked for"),
    Verb.REOPEN: gettext_lazy("Why it goes back"),
    Verb.ADD_NOTE: gettext_lazy("Note"),
}

NOTE_HINTS: Mapping[Verb, Promise] = {
    Verb.VERIFY: gettext_lazy(
        "How it was checked: telephone, video, on site. Needed for a false alarm or a test. "
        "Verifying need not wait for the acknowledgement."
    ),
    Verb.HANDLE: gettext_lazy("What was done, by whom, and how things stand now."),
    Verb.FEED_BACK: gettext_lazy("Cause, measures, result, and what keeps it from recurring."),
    Verb.CLOSE: gettext_lazy("Needed where no danger was found, and for orange and red warnings."),
    Verb.HAND_OVER: gettext_lazy(
        "Time runs on: the deadlines stay as they are. Only from the prefecture up does the new "
        "owner get a fresh time to acknowledge."
    ),
    Verb.URGE: gettext_lazy("The addressee sees these words at once, and among what is to do."),
    Verb.REOPEN: gettext_lazy("What is missing, and what is expected by when."),
}

NO_DANGER = frozenset({Verdict.FALSE.value, Verdict.TEST.value})

_STATE_TONES: Mapping[State, str] = {
    State.RAISED: "bad",
    State.ACKNOWLEDGED: "attention",
    State.VERIFIED: "attention",
    State.HANDLED: "attention",
    State.FED_BACK: "good",
    State.CLOSED: "idle",
}


def state_tone(warning: Warning) -> str:
    """The tone of a warning's state: what nobody has signed for stands out most."""
    if warning.verdict in NO_DANGER:
        return "idle"
    return _STATE_TONES[State(warning.state)]


def refused(error: errors.RefusedError) -> str:
    """Say why a verb was refused and what to do about it."""
    facts = error.facts
    state = str(facts.get("state", ""))
    named: dict[str, object] = {
        "verb": VERB_WORDS.get(Verb(str(facts["verb"])), "") if "verb" in facts else "",
        "state": WarningState(state).label if state else "",
        "owner": facts.get("owner", ""),
    }
    sentences: dict[str, str] = {
        Refusal.NOT_YOURS: _("This is not yours to do."),
        Refusal.WRONG_STATE: _(
            "“%(verb)s” cannot be done now: the warning is at “%(state)s”. "
            "Somebody may have been quicker; look at the history."
        ),
        Refusal.NOT_VERIFIED: _("It has not been verified yet. Verify it first, then close it."),
        Refusal.NOT_A_DANGER: _("It was found to be no danger: there is nothing to “%(verb)s”."),
        Refusal.DANGER_NOT_HANDLED: _(
            "It was found a true danger: it can be closed after the owner has fed back."
        ),
        Refusal.NEEDS_NOTE: _("Please fill in the words that “%(verb)s” needs."),
        Refusal.NEEDS_VERDICT: _("Please choose a verdict."),
        Refusal.NEEDS_ORGANISATION: _("Please choose the new owner."),
        Refusal.SAME_VERDICT: _("It has this verdict already. Give another one to correct it."),
        errors.SAME_OWNER: _("%(owner)s owns it already. Choose another organisation."),
        errors.NO_SUCH_OWNER: _("It cannot be handed over to that organisation."),
        errors.NOT_CONCERNED: _("That person does not answer for this warning. Choose another."),
        errors.NOBODY_THERE: _(
            "Nobody is registered at %(owner)s. Choose a duty officer above, or telephone."
        ),
        errors.ANOTHER_OPEN: _(
            "The same source has since raised another warning, still open. Work on that one."
        ),
        errors.CHANGED_MEANWHILE: _(
            "It has changed since you looked. See how it stands now, and do it again if it is "
            "still right."
        ),
    }
    return sentences[error.code] % named
