"""Sheets to try the reader on: one small instrument that has every kind of field, and people who answer at random."""

from __future__ import annotations

import io
from functools import cache

import numpy as np
from simulator import Action, Cross, Style, Write

from forms import pdf
from forms.compose import compose
from forms.layout import Layout
from forms.model import Instrument, Kind, Option, Question, Section, Text, Wording
from forms.pagecode import SERIAL_ALPHABET, SheetKind


def swedish(text: str) -> Text:
    """Return a text in Swedish only."""
    return Text((("sv", text),))


def options(*labels: str, other: bool = False) -> tuple[Option, ...]:
    """Return options with ids a, b, c, …; the last may take own words."""
    return tuple(
        Option(chr(97 + n), swedish(label), other=other and n == len(labels) - 1) for n, label in enumerate(labels)
    )


@cache
def instrument(name: str = "prov") -> Instrument:
    """Return an instrument of two pages: short rows, lists, columns, a place, a number, words."""
    rows = [
        Question(
            f"q{n}", Kind.SINGLE, Wording(swedish(f"Fick du veta vad mötet skulle handla om, del {n}?")), options=o
        )
        for n in range(1, 9)
        for o in [options("Ja", "Delvis", "Nej", "Vet inte")]
    ]
    several = Question(
        "several",
        Kind.MULTIPLE,
        Wording(swedish("Hur fick du veta det?")),
        options=options("Skolan", "Vårdcentralen", "En förening", "En vän", "Internet", "På annat sätt:", other=True),
    )
    listed = Question(
        "listed",
        Kind.SINGLE,
        Wording(swedish("Vem bjöd in dig till mötet?")),
        options=options("Någon i kommunen som jag redan kände", "Någon på vårdcentralen eller sjukhuset", "Ingen"),
    )
    scale = Question(
        "scale",
        Kind.SCALE,
        Wording(swedish("Hur bra var mötet?")),
        options=tuple(Option(str(n), swedish(str(n))) for n in range(1, 6)),
        low=swedish("dåligt"),
        high=swedish("bra"),
    )
    place = Question("place", Kind.PLACE, Wording(swedish("Vilken kommun bor du i?")), places="kommuner")
    number = Question("number", Kind.NUMBER, Wording(swedish("Hur många möten?")), maximum=99)
    words = Question("words", Kind.TEXT, Wording(swedish("Berätta mer.")), lines=3)
    section = Section("all", swedish("Om mötet"), (*rows, several, listed, scale, place, number, words))
    return Instrument(
        name, ("sv",), swedish("En provblankett"), swedish("Hej."), swedish("Tack."), swedish("Ring."), (section,)
    )


@cache
def sheets(serials: tuple[str, ...] = ("7QK2M4",), *, name: str = "prov", survey: str = "a") -> tuple[bytes, Layout]:
    """Return a PDF with a sheet for each serial, and the layout."""
    sheet = pdf.finished(compose(instrument(name), {}, "sv"), survey)
    out = io.BytesIO()
    pdf.write(sheet, SheetKind.SHEET, serials, out)
    return out.getvalue(), sheet.layout


def serials(count: int, seed: int = 0) -> tuple[str, ...]:
    """Return serials."""
    rng = np.random.default_rng(seed)
    letters = list(SERIAL_ALPHABET)
    return tuple("".join(rng.choice(letters, 6)) for _ in range(count))


STYLES = {Style.CROSS: 0.7, Style.TICK: 0.12, Style.SLASH: 0.06, Style.SCRIBBLE: 0.12}
"""How often people cross, tick, strike or scribble."""


def answers(rng: np.random.Generator) -> list[Action]:
    """Return what one person does with a sheet: mostly crosses, now and then a correction, some words."""
    actions: list[Action] = []
    for question in instrument().questions:
        if not question.options:
            if rng.random() < 0.4:
                actions.append(Write(question.id, None, "någonting kort"))
            continue
        ids = [o.id for o in question.options]
        if question.kind is Kind.MULTIPLE:
            chosen = [i for i in ids if rng.random() < 0.35]
        else:
            chosen = [str(rng.choice(ids))] if rng.random() < 0.9 else []
        actions += [Cross(question.id, i, Style(rng.choice(list(STYLES), p=list(STYLES.values())))) for i in chosen]
        left = [i for i in ids if i not in chosen]
        if left and rng.random() < 0.12:
            actions.append(Cross(question.id, str(rng.choice(left)), Style.FILL))
    return actions
