"""What can go wrong with a warning.

    RefusedError
    └── (no children: the code says which)

A code is a value of `core.nouns.warning.Refusal` or one of the codes below; the sentence is made
in `wording.py`, in the reader's language.
"""

SAME_OWNER = "same_owner"
NO_SUCH_OWNER = "no_such_owner"
ANOTHER_OPEN = "another_open"
NOT_CONCERNED = "not_concerned"
NOBODY_THERE = "nobody_there"
CHANGED_MEANWHILE = "changed_meanwhile"


class RefusedError(Exception):
    """A verb that cannot be done as things stand.

    Attributes:
        code: which rule refuses.
        facts: what its sentence names (`verb`, `state`, ...).
    """

    def __init__(self, code: str, **facts: object) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts
