"""HTTP of connections: the list, the application, one connection, its keys."""

from guatu.web.connection.views.ask import ask, example, mend
from guatu.web.connection.views.detail import act, detail
from guatu.web.connection.views.keys import issue_key, revoke_key
from guatu.web.connection.views.listed import connections

__all__ = [
    "act",
    "ask",
    "connections",
    "detail",
    "example",
    "issue_key",
    "mend",
    "revoke_key",
]
