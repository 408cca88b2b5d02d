import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forms import layout
from forms.errors import LayoutError
from forms.layout import Code, Field, FieldKind, Layout, Marker, Reads, Rectangle

LENGTHS = st.floats(0, 300, allow_nan=False).map(lambda v: round(v, 2))
IDS = st.text("abcdefghijklmnopqrstuvwxyz_", min_size=1, max_size=12)
HEX8 = st.text("0123456789abcdef", min_size=8, max_size=8)


@st.composite
def fields(draw: st.DrawFn, pages: int) -> Field:
    kind = draw(st.sampled_from(FieldKind))
    option = draw(IDS) if kind in (FieldKind.BOX, FieldKind.WORDS) else None
    reads = draw(st.sampled_from(Reads)) if kind is FieldKind.TEXT else None
    x, y, w, h = (draw(LENGTHS) for _ in range(4))
    return Field(draw(IDS), option, draw(st.integers(1, pages)), kind, x, y, w, h, reads)


@st.composite
def layouts(draw: st.DrawFn) -> Layout:
    pages = draw(st.integers(1, 3))
    markers = tuple(
        Marker(page, 4 * (page - 1) + n, corner, draw(LENGTHS), draw(LENGTHS), 8.0)
        for page in range(1, pages + 1)
        for n, corner in enumerate(layout.CORNERS)
    )
    codes = tuple(Code(page, 95.0, 10.0, 20.0, Rectangle(95.0, 30.5, 40.0, 4.0)) for page in range(1, pages + 1))
    pictures = tuple(draw(st.binary(max_size=40)) for _ in range(pages))
    size = (draw(LENGTHS), draw(LENGTHS))
    own = tuple(draw(st.lists(fields(pages), max_size=6)))
    return Layout(draw(HEX8), draw(IDS), draw(HEX8), "sv", size, pages, markers, codes, own, pictures)


@given(layouts())
@settings(max_examples=60)
def test_a_layout_comes_back_from_its_file(given_layout: Layout) -> None:
    text = layout.dump(given_layout)
    assert layout.load(text) == given_layout
    assert layout.dump(layout.load(text)) == text


EXAMPLE = Layout(
    "9c41e07b",
    "sip-erfarenhet",
    "3f9a1c20",
    "sv",
    (210.0, 297.0),
    1,
    (Marker(1, 0, "top-left", 12.0, 12.0, 8.0),),
    (Code(1, 95.0, 10.0, 20.0, Rectangle(95.0, 30.5, 40.0, 4.0)),),
    (
        Field("info_fore", "ja", 1, FieldKind.BOX, 20.0, 55.2, 4.5, 4.5),
        Field("info_fore", None, 1, FieldKind.AREA, 18.0, 44.0, 174.0, 20.0),
        Field("kommun", None, 1, FieldKind.TEXT, 20.0, 80.0, 120.0, 9.0, Reads.PLACE),
    ),
    (b"\x89PNG",),
)


def test_the_file_has_the_form_of_the_contract() -> None:
    plain = json.loads(layout.dump(EXAMPLE))
    assert list(plain) == [
        "format", "layout", "instrument", "version", "language", "page_size_mm", "pages", "markers", "codes", "fields",
        "print",
    ]  # fmt: skip
    assert plain["format"] == "kryssklick-layout/1"
    assert plain["markers"] == [{"page": 1, "id": 0, "corner": "top-left", "x": 12.0, "y": 12.0, "size": 8.0}]
    assert plain["codes"][0]["text"] == {"x": 95.0, "y": 30.5, "w": 40.0, "h": 4.0}
    box, area, place = plain["fields"]
    assert box == {
        "question": "info_fore", "option": "ja", "page": 1, "kind": "box", "x": 20.0, "y": 55.2, "w": 4.5, "h": 4.5,
    }  # fmt: skip
    assert area["option"] is None
    assert "reads" not in area
    assert place["reads"] == "place"


def test_the_id_covers_everything_but_itself_and_the_survey() -> None:
    first = EXAMPLE.with_id("abc")
    assert len(first.id) == 8
    assert first.with_id("abc").id == first.id, "the id itself must not count"
    assert EXAMPLE.with_id("abd").id != first.id
    plain = layout.to_dict(EXAMPLE)
    moved = [{**f, "x": 20.1} if f["kind"] == "box" else f for f in plain["fields"]]  # type: ignore[attr-defined]
    other = layout.load(json.dumps({**plain, "fields": moved}))
    assert other.with_id("abc").id != first.id
    assert layout.load(layout.dump(first)).with_id("abc").id == first.id, "a file keeps what the id is made of"


def test_fields_of_a_page_by_kind() -> None:
    assert [f.question for f in EXAMPLE.on_page(1, FieldKind.BOX)] == ["info_fore"]
    assert EXAMPLE.on_page(2, FieldKind.BOX) == ()


def test_the_instrument_hash_is_four_hex_digits() -> None:
    assert EXAMPLE.instrument_hash == layout.instrument_hash("sip-erfarenhet")
    assert len(EXAMPLE.instrument_hash) == 4
    assert EXAMPLE.instrument_hash == EXAMPLE.instrument_hash.upper()


def _without(key: str) -> str:
    plain = layout.to_dict(EXAMPLE)
    del plain[key]
    return json.dumps(plain)


def _with(key: str, value: object) -> str:
    return json.dumps({**layout.to_dict(EXAMPLE), key: value})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not json",
        "[]",
        '{"format": "kryssklick-layout/2"}',
        *(_without(key) for key in layout.to_dict(EXAMPLE)),
        _with("page_size_mm", [210]),
        _with("page_size_mm", "A4"),
        _with("pages", "four"),
        _with("markers", [{"page": 1}]),
        _with("markers", 3),
        _with("codes", [{"page": 1, "x": 1, "y": 1, "size": 1, "text": None}]),
        _with("codes", [3]),
        _with("fields", [{"kind": "circle"}]),
        _with("fields", [{"kind": "text", "reads": "runes"}]),
        _with("fields", ["box"]),
        _with("print", ["not base64!"]),
        _with("print", [3]),
        "[" * 100_000,
    ],
)
def test_what_is_no_layout_is_refused_with_a_remedy(text: str) -> None:
    with pytest.raises(LayoutError) as caught:
        layout.load(text, "l.json")
    assert caught.value.code == "bad-layout"
    assert "l.json" in caught.value.message
    assert "kryssklick print --layout" in caught.value.remedy
