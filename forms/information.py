"""The information page: one side that is posted with the form or hung on a wall.

It says who asks and why, that nobody must answer, what anonymity means here and what it does not, what happens with
the answers, and how to answer, get help or talk to somebody. It carries neither markers nor a page code of ours: it is
no form, and a scan of it is refused as a page without markers.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache
from pathlib import Path

from forms.blocks import Size
from forms.compose import Sheet
from forms.corners import PAGE_MM
from forms.drawing import Draw, Frame, Words
from forms.errors import LayoutError
from forms.layout import Layout
from forms.model import PARAMETER, Text, fallbacks, fill
from forms.typeface import BOLD, MM_PER_PT, REGULAR, baseline_mm, missing_letters, told, width_mm, wrap
from forms.webaddress import WebAddress, qr_frames, web_address

DEFINITION = Path(__file__).parent / "extras" / "information.toml"
"""What it says."""

PARAMETERS = ("organisation", "region", "contact", "support", "return_address", "address", "phone_help", "about")
"""Parameters of a survey that it uses beside the dates; any survey may have them, whatever its instrument."""

NEEDED = ("organisation", "contact", "support")
"""Without these it is not printed: nobody may be asked by nobody or left alone."""

_DATES = ("deadline", "freezing", "purging")

_TOP_MM, _BOTTOM_MM = 14.0, 286.0
_PAD_MM = 5.0
_TITLE_PT = 25.0
_SENTENCE_END = re.compile(r"(?<=[.?!:])\s+(?=[A-ZÅÄÖ])")


class _Breaks(Enum):
    """Where a new line begins, from the most open way to set the page to the closest."""

    SENTENCE = 1
    LINE = 2
    PART = 3
    RUN_IN = 4


@dataclass(frozen=True, slots=True)
class _Line:
    """One line of a part: its text, the parameters it stands or falls with, and what is printed strongly under it."""

    text: Text
    needs: frozenset[str]
    unless: str
    bold: str

    def stands(self, given: frozenset[str]) -> bool:
        """Tell whether it is printed where these parameters have a value."""
        return self.needs <= given and self.unless not in given


@dataclass(frozen=True, slots=True)
class _Part:
    id: str
    title: Text
    lines: tuple[_Line, ...]


@dataclass(frozen=True, slots=True)
class _Texts:
    languages: tuple[str, ...]
    practice: Text
    parts: tuple[_Part, ...]


@dataclass(frozen=True, slots=True)
class _Said:
    """One part as it is printed: its heading, its lines, and what stands strongly under each; empty for most."""

    id: str
    title: str
    lines: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class _Setting:
    """How large and how close it is set. Sizes in pt, lengths in mm.

    Attributes:
        text_pt: Running text.
        gap: Room above a part, as a part of the usual.
        breaks: Where a new line begins; RUN_IN sets headings at the beginning of their text.
        large: Whether it is the large page.
    """

    text_pt: float
    gap: float
    breaks: _Breaks
    large: bool

    @property
    def step(self) -> float:
        """From baseline to baseline, mm."""
        return self.text_pt * (1.18 if self.large else 1.3) * MM_PER_PT

    @property
    def margin(self) -> float:
        """From the page's side to the text, mm."""
        return 13.0 if self.large else 20.0

    @property
    def qr_mm(self) -> float:
        """Width of the QR code with its quiet zone."""
        return 36.0 if self.large else 42.0


@cache
def _texts() -> _Texts:
    plain = tomllib.loads(DEFINITION.read_text(encoding="utf-8"))
    languages = tuple(plain["languages"])
    return _Texts(
        languages,
        _text(plain["practice"], languages),
        tuple(
            _Part(part["id"], _text(part["title"], languages), tuple(_line(one, languages) for one in part["line"]))
            for part in plain["part"]
        ),
    )


def _text(plain: Mapping[str, str], languages: tuple[str, ...]) -> Text:
    return Text(tuple((tag, plain[tag]) for tag in languages if tag in plain))


def _line(plain: Mapping[str, str], languages: tuple[str, ...]) -> _Line:
    text = _text(plain, languages)
    named = {name for _, words in text.translations for name in PARAMETER.findall(words)}
    return _Line(
        text,
        frozenset(named | ({plain["needs"]} if "needs" in plain else set())),
        plain.get("unless", ""),
        plain.get("bold", ""),
    )


def languages() -> tuple[str, ...]:
    """Return the languages that the page is written in."""
    return _texts().languages


def language_for(wanted: str) -> str | None:
    """Return the language of the page for a wanted one: itself or what it falls back on; None where there is none."""
    return next((tag for tag in fallbacks(wanted) if tag in languages()), None)


def information_page(
    title: str, parameters: Mapping[str, str], language: str, size: Size = Size.NORMAL, *, practice: bool = False
) -> Sheet:
    """Compose the information page of a survey.

    Args:
        title: The survey's name in the language.
        parameters: The survey's parameters, its dates in words among them; see `PARAMETERS`. What has no value is
            left out.
        language: Its language; the first of its fallbacks that the page is written in is taken.
        size: LARGE is set in 18 pt or more, NORMAL in 12 pt or more.
        practice: Say that the answers don't count: a draft or the demo.

    Returns:
        One page without markers and code. `layout.instrument` is what a viewer shows as the document's title.

    Raises:
        LayoutError: `information-language`, `information-needs`, `bad-address`, `missing-letter`, or
            `information-too-long`: it does not fit on one page.
    """
    tag = language_for(language)
    if tag is None:
        raise LayoutError(
            "information-language",
            f"The information page is not written in “{language}”.",
            f"Choose one of: {', '.join(languages())}.",
        )
    values = _values(parameters)
    address = web_address(parameters["address"]) if values.get("address") else None
    said = _said(tag, values | ({"short": address.short} if address else {}))
    note = _texts().practice.to(tag) if practice else ""
    _refuse_unprintable([title, note, *(words for part in said for line in part.lines for words in line)])
    easy = "lattlast" in tag
    for setting in _settings(size, easy):
        draws, end = _page(title, said, address, setting, note)
        if end <= _BOTTOM_MM:
            layout = Layout("", title, "", tag, PAGE_MM, 1, (), (), (), ())
            return Sheet(layout, (tuple(draws),))
    raise _too_long(values, size)


def _values(parameters: Mapping[str, str]) -> dict[str, str]:
    """Return the parameters that the page prints, each as one paragraph, and see that what is needed is there."""
    values = {
        name: _one_line(parameters[name], ", " if name == "return_address" else " ")
        for name in (*PARAMETERS, *_DATES)
        if parameters.get(name, "").strip()
    }
    missing = [name for name in NEEDED if name not in values]
    if missing:
        raise LayoutError(
            "information-needs",
            f"The information page lacks {', '.join(missing)}.",
            f"Give {' '.join(f'--param {name}=…' for name in missing)}.",
        )
    return values


def _one_line(value: str, between: str) -> str:
    """Return a value as one line."""
    return re.sub(r"\s*\n\s*", between, value.strip())


def _said(language: str, values: Mapping[str, str]) -> tuple[_Said, ...]:
    """Choose the lines whose parameters are given and fill them in."""
    given = frozenset(values)
    # A value such as “ring 000-00 00 00.” brings its own full stop.
    filled = {name: value if name == "about" else value.removesuffix(".") for name, value in values.items()}
    parts = []
    for part in _texts().parts:
        lines = []
        for line in part.lines:
            if line.stands(given):
                words = fill(line.text.to(language), filled)
                ends = words if words.endswith((".", "?", "!", ":", ",")) or line.bold else f"{words}."
                lines.append((ends, fill(line.bold, filled)))
        parts.append(_Said(part.id, part.title.to(language), tuple(lines)))
    return tuple(parts)


def _refuse_unprintable(texts: list[str]) -> None:
    missing = missing_letters("".join(texts))
    if missing:
        raise LayoutError(
            "missing-letter",
            f"The paper's font lacks {told(missing)}.",
            "Write the survey's parameters in letters that it has, or print the page in another language.",
        )


def _settings(size: Size, easy: bool) -> Iterator[_Setting]:
    """Yield ways to set the page, best first: as open and large as it fits, then closer."""
    large = size is Size.LARGE
    sizes = (20.0, 19.0, 18.0) if large else (14.0, 13.0, 12.0)
    for breaks in _Breaks:
        if breaks is _Breaks.SENTENCE and not easy:
            continue
        for text_pt in sizes:
            yield _Setting(text_pt, 1.0, breaks, large)
        for gap in (0.8, 0.6, 0.45):
            yield _Setting(sizes[-1], gap, breaks, large)


def _too_long(values: Mapping[str, str], size: Size) -> LayoutError:
    longest = max((name for name in PARAMETERS if name in values), key=lambda name: len(values[name]))
    large = ", or print it in normal size" if size is Size.LARGE else ""
    return LayoutError(
        "information-too-long",
        f"The information page does not fit on one side in size {size.value}.",
        f"Shorten {longest}, which has {len(values[longest])} letters{large}.",
    )


class _Flow:
    """Sets text downwards from a place on the page."""

    def __init__(self, setting: _Setting, y: float) -> None:
        self.setting = setting
        self.draws: list[Draw] = []
        self.y = y

    def text(  # noqa: PLR0913 - the last three have good defaults
        self, words: str, x: float, room: float, *, size_pt: float = 0.0, face: str = REGULAR, lead: str = ""
    ) -> None:
        """Set a paragraph; `lead` stands strongly at its beginning."""
        size = size_pt or self.setting.text_pt
        step = self.setting.step * size / self.setting.text_pt
        shift = width_mm(f"{lead} ", size, BOLD) if lead else 0.0
        if lead:
            self.draws.append(Words(x, self._baseline(size, step), lead, size, BOLD))
        first, *rest = wrap(words, room - shift, size, face) or ("",)
        if lead:
            rest = list(wrap(words[len(first) :], room, size, face))
        for n, line in enumerate([first, *rest]):
            self.draws.append(Words(x if n else x + shift, self._baseline(size, step), line, size, face))
            self.y += step

    def _baseline(self, size_pt: float, step: float) -> float:
        return baseline_mm(self.y, step, size_pt)


def _page(
    title: str, said: tuple[_Said, ...], address: WebAddress | None, setting: _Setting, practice: str
) -> tuple[list[Draw], float]:
    """Set the page; return what is drawn and where it ends, mm."""
    left, right = setting.margin, PAGE_MM[0] - setting.margin
    flow = _Flow(setting, _TOP_MM)
    if practice:
        flow.draws.append(Words((PAGE_MM[0] - width_mm(practice, 12, BOLD)) / 2, 11.0, practice, 12, BOLD))
    flow.text(title, left, right - left, size_pt=_TITLE_PT, face=BOLD)
    flow.y += 1.0
    for part in said:
        flow.y += 4.5 * setting.gap
        if part.id == "answer":
            _panel(flow, part, address, left, right)
        elif part.id == "support":
            top = flow.y
            _part(flow, part, left + _PAD_MM, right - left - _PAD_MM)
            flow.draws.append(Frame(left, top, 1.0, flow.y - top, 0))
        else:
            _part(flow, part, left, right - left)
    return flow.draws, flow.y


def _part(flow: _Flow, part: _Said, x: float, room: float) -> None:
    """Set a heading and its lines."""
    breaks = flow.setting.breaks
    together = " ".join(words for words, _ in part.lines)
    if breaks is _Breaks.RUN_IN:
        flow.text(together, x, room, lead=_as_lead(part.title))
        return
    _heading(flow, part.title, x, room)
    for n, words in enumerate(_pieces(part, breaks) if breaks is not _Breaks.PART else [together]):
        flow.y += 0.8 * flow.setting.gap if n else 0.0
        flow.text(words, x, room)


def _heading(flow: _Flow, title: str, x: float, room: float) -> None:
    flow.text(title, x, room, size_pt=flow.setting.text_pt + (0.0 if flow.setting.large else 1.5), face=BOLD)


def _as_lead(title: str) -> str:
    return title if title.endswith(("?", ".")) else f"{title}."


def _pieces(part: _Said, breaks: _Breaks) -> list[str]:
    """Return what begins on a new line: each line, or each sentence of it."""
    lines = [words for words, _ in part.lines]
    return [s for words in lines for s in _SENTENCE_END.split(words)] if breaks is _Breaks.SENTENCE else lines


def _panel(flow: _Flow, part: _Said, address: WebAddress | None, left: float, right: float) -> None:
    """Set how to answer in a frame, with the QR code at its right."""
    setting, top = flow.setting, flow.y
    qr = setting.qr_mm if address else 0.0
    x, full = left + _PAD_MM, right - left - 2 * _PAD_MM
    flow.y += _PAD_MM - 2.0
    _heading(flow, part.title, x, full - qr)
    for words, bold in part.lines:
        # Text beside the code, and under it the full width.
        room = full - qr if flow.y < top + qr + 2.0 else full
        for sentence in _SENTENCE_END.split(words) if setting.breaks is _Breaks.SENTENCE else [words]:
            flow.text(sentence, x, room)
        if bold:
            flow.text(bold, x, room, size_pt=setting.text_pt + (0.0 if setting.large else 3.0), face=BOLD)
        flow.y += 1.5 * setting.gap
    flow.y = max(flow.y + _PAD_MM - 3.5, top + qr + 2.0)
    flow.draws.append(Frame(left, top, right - left, flow.y - top, 0.35))
    if address:
        flow.draws += qr_frames(address.url, right - qr - 1.0, top + 1.0, qr)
