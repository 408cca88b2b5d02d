"""What stops reading altogether: a broken environment. A bad page is a `Refusal`, never an exception."""

from __future__ import annotations


class OmrError(Exception):
    """Base of every error that this package raises.

    Attributes:
        code: Short machine-readable name, stable between versions: `no-file`, `not-a-file`, `unreadable-file`,
            `bad-reading`, `no-jobs`, `no-cluster-extra`, `cluster-unreachable`, `cluster-empty`, `cluster-lost`,
            `cluster-worker`.
        message: What is wrong, for the person who meets it.
        remedy: What to do about it.
    """

    def __init__(self, code: str, message: str, remedy: str) -> None:
        super().__init__(f"{message} {remedy}")
        self.code = code
        self.message = message
        self.remedy = remedy

    def __reduce__(self) -> tuple[type[OmrError], tuple[str, str, str]]:
        # Raised in a worker, it is pickled on its way here.
        return type(self), (self.code, self.message, self.remedy)
