"""What can go wrong between people and the dataset."""

from __future__ import annotations


class DatasetError(Exception):
    """Base of every error that the dataset raises.

    Attributes:
        code: Short machine-readable name, stable between versions; the web translates by it.
        message: What is wrong, for the person who meets it.
        remedy: What to do about it.
    """

    def __init__(self, code: str, message: str, remedy: str) -> None:
        super().__init__(f"{message} {remedy}")
        self.code = code
        self.message = message
        self.remedy = remedy


class SealError(DatasetError):
    """A sealed submission that can't be taken or opened."""


class SurveyClosed(DatasetError):
    """An answer, or a change, that comes after a survey was closed to it."""
