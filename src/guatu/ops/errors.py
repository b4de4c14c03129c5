"""What can stop an operator.

OperatorError          a sentence that says what is wrong and what to do
├── CannotStart        found before anything was started
└── ChildFailed        a process did not come up
"""


class OperatorError(Exception):
    """Something the operator can mend; its text is the whole message, without a traceback."""


class CannotStart(OperatorError):
    """A port taken, a folder that cannot be written, a disk that is full."""


class ChildFailed(OperatorError):
    """A process that did not become ready in its time."""
