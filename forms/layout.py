"""Where everything stands on paper, in mm from the top left corner of the page, y downwards.

These are the values and the file of the contract `kryssklick-layout/1` (DESIGN.md section 4). `compose.py` makes
them out of an instrument; the reader needs nothing else to read a sheet.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections import defaultdict
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property

from forms.errors import LayoutError

FORMAT = "kryssklick-layout/1"
"""Name of the file format."""

CORNERS = ("top-left", "top-right", "bottom-right", "bottom-left")
"""Corners of a page, clockwise, in the order of the marker ids."""


class FieldKind(StrEnum):
    """What a place on the sheet is."""

    BOX = "box"
    WORDS = "words"
    AREA = "area"
    TEXT = "text"


class Reads(StrEnum):
    """What a text field is expected to hold."""

    FREE = "free"
    DIGITS = "digits"
    PLACE = "place"


@dataclass(frozen=True, slots=True)
class Marker:
    """One corner marker: its black square, mm."""

    page: int
    id: int
    corner: str
    x: float
    y: float
    size: float


@dataclass(frozen=True, slots=True)
class Rectangle:
    """A place on a page, mm."""

    x: float
    y: float
    w: float
    h: float


@dataclass(frozen=True, slots=True)
class Code:
    """The page code: the square it fills, quiet zone included, and where the same stands in print, mm."""

    page: int
    x: float
    y: float
    size: float
    text: Rectangle


@dataclass(frozen=True, slots=True)
class Field:
    """One place on the sheet that means something.

    Attributes:
        question: Question id.
        option: Option id; None for the question as a whole or its own text field.
        page: Page, from 1.
        kind: Box, words of an option, area of a question, or text field.
        x: Left edge, mm.
        y: Upper edge, mm.
        w: Width, mm.
        h: Height, mm.
        reads: What a text field holds; None for the other kinds.
    """

    question: str
    option: str | None
    page: int
    kind: FieldKind
    x: float
    y: float
    w: float
    h: float
    reads: Reads | None = None


@dataclass(frozen=True)
class Layout:
    """Where everything stands on the sheets of one version, language, set of parameters and size.

    Attributes:
        id: 8 hex digits; see `with_id`.
        instrument: Instrument id.
        version: Version of the instrument.
        language: Language of the sheet.
        page_size_mm: Width and height.
        pages: Number of pages.
        markers: Corner markers of all pages.
        codes: Page codes, one a page.
        fields: Boxes, words, areas and text fields of all pages.
        print: A 1-bit PNG at 150 dpi of each page without codes and markers' ids changed in no way.
    """

    id: str
    instrument: str
    version: str
    language: str
    page_size_mm: tuple[float, float]
    pages: int
    markers: tuple[Marker, ...]
    codes: tuple[Code, ...]
    fields: tuple[Field, ...]
    print: tuple[bytes, ...]

    def on_page(self, page: int, kind: FieldKind) -> tuple[Field, ...]:
        """Return the fields of one kind on one page, in the layout's order."""
        return self._by_page.get((page, kind), ())

    @cached_property
    def _by_page(self) -> dict[tuple[int, FieldKind], tuple[Field, ...]]:
        """The fields of each kind on each page; a page is asked for them many times while it is read."""
        found = defaultdict(list)
        for field in self.fields:
            found[field.page, field.kind].append(field)
        return {at: tuple(fields) for at, fields in found.items()}

    @cached_property
    def instrument_hash(self) -> str:
        """The 4 hex digits that say in a page code which instrument it is."""
        return instrument_hash(self.instrument)

    def with_id(self, survey_random_id: str) -> Layout:
        """Return the layout with its id: SHA-256 over itself without id and the survey's random id, 8 hex digits."""
        plain = to_dict(self)
        del plain["layout"]
        canonical = json.dumps([plain, survey_random_id], ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return replace(self, id=hashlib.sha256(canonical.encode()).hexdigest()[:8])


def instrument_hash(instrument_id: str) -> str:
    """Return the 4 hex digits, upper case, that stand for an instrument in a page code."""
    return hashlib.sha256(instrument_id.encode()).hexdigest()[:4].upper()


def to_dict(layout: Layout) -> dict[str, object]:
    """Turn a layout into the object of the layout file."""
    return {
        "format": FORMAT,
        "layout": layout.id,
        "instrument": layout.instrument,
        "version": layout.version,
        "language": layout.language,
        "page_size_mm": list(layout.page_size_mm),
        "pages": layout.pages,
        "markers": [
            {"page": m.page, "id": m.id, "corner": m.corner, "x": m.x, "y": m.y, "size": m.size} for m in layout.markers
        ],
        "codes": [
            {
                "page": c.page,
                "x": c.x,
                "y": c.y,
                "size": c.size,
                "text": {"x": c.text.x, "y": c.text.y, "w": c.text.w, "h": c.text.h},
            }
            for c in layout.codes
        ],
        "fields": [_field_dict(f) for f in layout.fields],
        "print": [base64.b64encode(p).decode() for p in layout.print],
    }


def _field_dict(field: Field) -> dict[str, object]:
    plain: dict[str, object] = {"question": field.question, "option": field.option, "page": field.page}
    plain["kind"] = field.kind.value
    if field.reads is not None:
        plain["reads"] = field.reads.value
    return plain | {"x": field.x, "y": field.y, "w": field.w, "h": field.h}


def dump(layout: Layout) -> str:
    """Write a layout as the text of a layout file."""
    return json.dumps(to_dict(layout), ensure_ascii=False, indent=1) + "\n"


def load(text: str, name: str = "layout") -> Layout:
    """Read a layout file.

    Args:
        text: The file's content.
        name: The file's name, for messages.

    Raises:
        LayoutError: `bad-layout`: it is not a layout file of this format; says what is missing.
    """
    try:
        plain = json.loads(text)
        if not isinstance(plain, dict) or plain.get("format") != FORMAT:
            raise ValueError(f'"format" is not {FORMAT}')
        width, height = (float(v) for v in plain["page_size_mm"])
        return Layout(
            id=str(plain["layout"]),
            instrument=str(plain["instrument"]),
            version=str(plain["version"]),
            language=str(plain["language"]),
            page_size_mm=(width, height),
            pages=int(plain["pages"]),
            markers=tuple(Marker(**m) for m in plain["markers"]),
            codes=tuple(Code(**c | {"text": Rectangle(**c["text"])}) for c in plain["codes"]),
            fields=tuple(_field(f) for f in plain["fields"]),
            print=tuple(base64.b64decode(p, validate=True) for p in plain["print"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        what = f"misses {error}" if isinstance(error, KeyError) else str(error)
        raise LayoutError(
            "bad-layout",
            f"{name} is not a layout file: {what}.",
            "Use the file that `kryssklick print --layout` wrote for these sheets.",
        ) from error


def _field(plain: dict[str, object]) -> Field:
    reads = plain.get("reads")
    rest = {k: v for k, v in plain.items() if k not in ("kind", "reads")}
    return Field(kind=FieldKind(plain["kind"]), reads=Reads(reads) if reads is not None else None, **rest)  # type: ignore[arg-type]
