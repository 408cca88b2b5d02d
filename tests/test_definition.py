import re
import tomllib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from strategies import instruments, toml_of

from forms import definition
from forms.conditions import can_be_met
from forms.errors import DefinitionError, Fault, FormsError, Severity
from forms.model import Both, Comparison, Either, Instrument, Is, Kind, Not, Option, Question, Text, Wording
from forms.tomllines import index

HEAD = """
id = "prov"
languages = ["sv"]
title = { sv = "Prov" }
intro = { sv = "Vi undrar." }
thanks = { sv = "Tack." }
"""

JA_NEJ = '[{ id = "ja", label = { sv = "Ja" } }, { id = "nej", label = { sv = "Nej" } }]'


def q(question_id: str, rest: str = "", kind: str = "single", options: str = JA_NEJ) -> str:
    """One question in TOML; an empty `options` leaves them out."""
    chosen = f"options = {options}\n" if options else ""
    return f'[[section.question]]\nid = "{question_id}"\nkind = "{kind}"\ntext = {{ sv = "Hur?" }}\n{chosen}{rest}\n'


def whole(*questions: str, head: str = "") -> str:
    section = '[[section]]\nid = "del"\ntitle = { sv = "Del" }\n'
    return HEAD + head + section + "".join(questions or (q("a"),))


def errors(text: str) -> list[Fault]:
    instrument, faults = definition.read(text, "prov.toml")
    found = [f for f in faults if f.severity is Severity.ERROR]
    assert (instrument is None) == bool(found)
    return found


def only(text: str, code: str) -> Fault:
    """The one error of a definition, which must have this code."""
    found = errors(text)
    assert [f.code for f in found] == [code], found
    assert found[0].remedy
    assert found[0].file == "prov.toml"
    return found[0]


def line_of(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1


def test_a_small_definition_reads() -> None:
    text = whole(
        q("a"),
        q("b", 'asked_if = { question = "a", is = "ja" }\nhint = { sv = "Så." }'),
        q("c", "lines = 3\nsensitive = true", "text", ""),
        q("d", "minimum = 1\nmaximum = 9", "number", ""),
        q("e", 'points = 3\nlow = { sv = "dåligt" }\nhigh = { sv = "bra" }', "scale", ""),
        q("f", 'places = "kommuner"', "place", ""),
    )
    instrument, faults = definition.read(text, "prov.toml")
    assert faults == ()
    assert instrument is not None
    by_id = instrument.by_id
    assert by_id["b"].asked_if == Is("a", ("ja",))
    assert by_id["b"].hint == Text((("sv", "Så."),))
    assert (by_id["c"].lines, by_id["c"].max_length, by_id["c"].sensitive) == (3, 2000, True)
    assert (by_id["d"].minimum, by_id["d"].maximum) == (1, 9)
    assert [o.id for o in by_id["e"].options] == ["1", "2", "3"]
    assert by_id["f"].places == "kommuner"
    assert list(instrument.numbers.values()) == [1, 2, 3, 4, 5, 6]


@given(instruments())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_instrument_comes_back_from_its_definition(instrument: Instrument) -> None:
    text = toml_of(instrument)
    read, faults = definition.read(text, "prov.toml")
    assert read == instrument, faults
    assert read is not None
    assert read.version == instrument.version
    assert definition.read(text.replace("\n", "\r\n"), "prov.toml")[0] == instrument


def test_shared_options_are_the_same_everywhere_and_may_be_mixed() -> None:
    head = f'[options]\nja_nej = {JA_NEJ}\n[[options.ute]]\nid = "vet"\nlabel = {{ sv = "Vet inte" }}\nway_out = true\n'
    extra = '["ja_nej", { id = "b", label = { sv = "Annat:" }, other = true }, "ute"]'
    instrument, faults = definition.read(whole(q("a", options='"ja_nej"'), q("b", options=extra), head=head), "p")
    assert faults == ()
    assert instrument is not None
    assert [o.id for o in instrument.by_id["b"].options] == ["ja", "nej", "b", "vet"]
    assert instrument.by_id["a"].options == instrument.by_id["b"].options[:2]
    assert instrument.by_id["b"].option("b").other
    assert instrument.by_id["b"].option("vet").way_out


def test_every_condition_form_and_variants() -> None:
    rest = """
asked_if = { all = [{ any = [{ question = "a", is = ["ja", "nej"] }] }, { not = { question = "b", is = "ja" } }] }
variants = [{ if = { question = "a", is = "ja" }, text = { sv = "Hur då?" } }]
"""
    instrument, faults = definition.read(whole(q("a"), q("b"), q("c", rest)), "p")
    assert faults == ()
    assert instrument is not None
    c = instrument.by_id["c"]
    assert c.asked_if == Both((Either((Is("a", ("ja", "nej")),)), Not(Is("b", ("ja",)))))
    assert c.wording == Wording(Text((("sv", "Hur?"),)), ((Is("a", ("ja",)), Text((("sv", "Hur då?"),))),))


def test_source_and_comparison() -> None:
    rest = 'source = { text = "VG", compares_with = "vg2018/a", comparison = "options added" }'
    instrument, _ = definition.read(whole(q("a", rest)), "p")
    assert instrument is not None
    source = instrument.by_id["a"].source
    assert source is not None
    assert (source.text, source.compares_with, source.comparison) == ("VG", "vg2018/a", Comparison.OPTIONS_ADDED)


def test_paragraphs_are_kept_and_lines_joined() -> None:
    text = whole().replace('intro = { sv = "Vi undrar." }', 'intro.sv = """\n  Ett\ntvå\u00a0tre.\n\n \nFyra.\n"""')
    instrument, _ = definition.read(text, "p")
    assert instrument is not None
    assert instrument.intro.to("sv") == "Ett två\u00a0tre.\n\nFyra."


FAULTY = {
    "unknown-key": [
        (whole(q("a", 'hnit = { sv = "x" }')), "hnit"),
        (whole().replace("[[section]]", 'colour = "red"\n[[section]]', 1), "colour"),
        (whole(q("a", 'asked_if = { question = "z", is = "ja", if = 1 }')), None),
    ],
    "missing-key": [
        (whole().replace('id = "prov"\n', ""), None),
        (whole().replace('languages = ["sv"]\n', ""), None),
        (whole().replace('title = { sv = "Prov" }\n', ""), None),
        (whole(q("a").replace('kind = "single"\n', "")), "[[section.question]]"),
        (whole(q("a").replace('text = { sv = "Hur?" }\n', "")), "[[section.question]]"),
        (whole(q("a", options="")), "[[section.question]]"),
        (whole(q("a", kind="number", options="")), "[[section.question]]"),
        (whole(q("a", kind="place", options="")), "[[section.question]]"),
        (HEAD + '[[section]]\nid = "del"\ntitle = { sv = "Del" }\n', "[[section]]"),
        (HEAD, None),
        (whole(q("a"), q("b", 'asked_if = { question = "a" }')), "asked_if"),
        (whole(q("a"), q("b", 'variants = [{ text = { sv = "x" } }]')), "variants"),
        (whole(q("a", 'source = { compares_with = "vg/a", comparison = "same" }')), "source"),
    ],
    "wrong-type": [
        (whole(q("a", "sensitive = 1")), "sensitive"),
        (whole(q("a", "lines = true", "text", "")), "lines"),
        (whole(q("a", 'hint = "x"')), "hint"),
        (whole(q("a", options="3")), "options"),
        (whole(q("a", options='[1, "x"]').replace('"x"', JA_NEJ[1:-1])), "options"),
        (whole().replace('title = { sv = "Prov" }', 'title = "Prov"'), "title"),
        (whole(q("a"), q("b", 'asked_if = { question = "a", is = 3 }')), "asked_if"),
        (whole(q("a"), q("b", 'asked_if = { question = "a", is = [] }')), "asked_if"),
        (whole(q("a", "variants = [1]")), "variants"),
        ("section = 3\n" + HEAD, "section"),
    ],
    "bad-id": [
        (whole().replace('id = "prov"', 'id = "Prov"'), 'id = "Prov"'),
        (whole(q("Å")), 'id = "Å"'),
        (whole(q("a" * 41)), "aaaa"),
        (whole(q("a", options=JA_NEJ.replace('"ja"', '"j a"'))), "j a"),
        (whole(q("a", 'source = { text = "x", compares_with = "vg2018", comparison = "same" }')), "source"),
        (whole(head="[parameters]\nRegion = true\n"), "Region"),
        (whole(head=f'[options]\n"Ja Nej" = {JA_NEJ}\n'), "Ja Nej"),
    ],
    "duplicate-id": [
        (whole(q("a"), q("b"), q("a", "sensitive = true")), None),
        (whole(q("a"), '[[section]]\nid = "del"\ntitle = { sv = "x" }\n', q("b")), 'id = "del"\ntitle = { sv = "x" }'),
    ],
    "duplicate-option": [
        (whole(q("a", options=JA_NEJ.replace('"nej"', '"ja"'))), "options"),
        (
            whole(
                q(
                    "a",
                    'points = 3\nlow = { sv = "a" }\nhigh = { sv = "b" }',
                    "scale",
                    '[{ id = "2", label = { sv = "Två" }, way_out = true }]',
                )
            ),
            "options",
        ),
    ],
    "same-label": [(whole(q("a", options=JA_NEJ.replace("Nej", "JA"))), "options")],
    "unknown-kind": [(whole(q("a", kind="singel")), "singel")],
    "not-for-kind": [
        (whole(q("a", "lines = 2")), "lines"),
        (whole(q("a", "", "text")), "options"),
        (whole(q("a", "points = 4\nmaximum = 5", "number", "")), "points"),
        (whole(q("a", "max_length = 50")), "max_length"),
        (whole(q("a", 'places = "kommuner"')), "places"),
    ],
    "out-of-range": [
        (whole(q("a", 'points = 1\nlow = { sv = "a" }\nhigh = { sv = "b" }', "scale", "")), "points"),
        (whole(q("a", "minimum = -1\nmaximum = 5", "number", "")), "minimum"),
        (whole(q("a", "lines = 0", "text", "")), "lines"),
    ],
    "bad-range": [
        (whole(q("a", "minimum = 9\nmaximum = 5", "number", "")), "maximum"),
        (whole(q("a", "minimum = 5\nmaximum = 5", "number", "")), "maximum"),
    ],
    "too-few-options": [(whole(q("a", options='[{ id = "ja", label = { sv = "Ja" } }]')), "options")],
    "no-options": [
        (whole(q("a", options="[]")), "options"),
        (whole(head="[options]\nx = []\n"), "x = []"),
    ],
    "exclusive-in-single": [(whole(q("a", options=JA_NEJ.replace("} }]", "}, exclusive = true }]"))), "options")],
    "not-a-way-out": [(whole(q("a", 'places = "kommuner"', "place")).replace(', { id = "nej"', ', { id = "x"'), None)],
    "unknown-places": [(whole(q("a", 'places = "komuner"', "place", "")), "places")],
    "unknown-options": [(whole(q("a", options='["ja_nje", { id = "x", label = { sv = "X" } }]')), "options")],
    "bad-condition": [
        (whole(q("a"), q("b", "asked_if = { }")), "asked_if"),
        (whole(q("a"), q("b", 'asked_if = { question = "a", is = "ja", not = { question = "a", is = "ja" } }')), None),
        (whole(q("a"), q("b", "asked_if = { all = [] }")), "asked_if"),
    ],
    "bad-comparison": [
        (whole(q("a", 'source = { text = "x", compares_with = "vg/a" }')), "source"),
        (whole(q("a", 'source = { text = "x", comparison = "same" }')), "source"),
        (whole(q("a", 'source = { text = "x", compares_with = "vg/a", comparison = "sam" }')), "source"),
    ],
    "condition-on-itself": [(whole(q("a", 'asked_if = { question = "a", is = "ja" }')), "asked_if")],
    "condition-forwards": [
        (whole(q("a", 'asked_if = { question = "b", is = "ja" }'), q("b")), "asked_if"),
        (whole(q("a", 'variants = [{ if = { question = "b", is = "ja" }, text = { sv = "x" } }]'), q("b")), "variants"),
    ],
    "unknown-question": [(whole(q("a"), q("b", 'asked_if = { not = { question = "z", is = "ja" } }')), "asked_if")],
    "unknown-option": [
        (whole(q("a"), q("b", 'asked_if = { any = [{ question = "a", is = "jaa" }] }')), "asked_if"),
        (whole(q("a", "", "text", ""), q("b", 'asked_if = { question = "a", is = "ja" }')), "asked_if"),
    ],
    "never-met": [
        (
            whole(
                q("a"),
                q("b", 'asked_if = { all = [{ question = "a", is = "ja" }, { question = "a", is = "nej" }] }'),
            ),
            "asked_if",
        ),
        (
            whole(
                q("a"),
                q("b", 'asked_if = { question = "a", is = "ja" }'),
                q("c", 'asked_if = { all = [{ question = "b", is = "ja" }, { question = "a", is = "nej" }] }'),
            ),
            "asked_if = { all",
        ),
        (
            whole(
                q("a"),
                q(
                    "b",
                    'asked_if = { question = "a", is = "ja" }\n'
                    'variants = [{ if = { question = "a", is = "nej" }, text = { sv = "x" } }]',
                ),
            ),
            "variants",
        ),
        (
            whole(
                q("a"),
                q("b", 'asked_if = { all = [{ question = "a", is = "ja" }, { not = { question = "a", is = "ja" } }] }'),
            ),
            "asked_if",
        ),
    ],
    "missing-language": [
        (
            whole().replace('["sv"]', '["sv", "sv-x-lattlast"]').replace("intro = { sv", 'intro = { "sv-x-lattlast"'),
            None,
        )
    ],
    "undeclared-language": [(whole(q("a", 'hint = { sv = "x", se = "y" }')), "hint")],
    "empty-text": [
        (whole(q("a", 'hint = { sv = " " }')), "hint"),
        (whole().replace('title = { sv = "Prov" }', "title = { }"), "title = { }"),
    ],
    "control-character": [(whole(q("a", 'hint = { sv = "a\\u0007b" }')), "hint")],
    "bad-language": [(whole().replace('["sv"]', '["sv", "Svenska!"]'), "languages")],
    "undeclared-parameter": [(whole(q("a", 'hint = { sv = "I {region}." }')), "hint")],
    "unused-parameter": [(whole(head="[parameters]\nort = true\n"), "ort = true")],
    "bad-parameter": [
        (whole(q("a", 'hint = { sv = "I {Region}." }')), "hint"),
        (whole(q("a", 'hint = { sv = "I { region }." }')), "hint"),
        (whole(q("a", 'hint = { sv = "I region}." }')), "hint"),
    ],
}
"""Faulty definitions by the code of their fault, each with the start of the line it must name (None: not looked at)."""


@pytest.mark.parametrize(
    ("code", "text", "part"),
    [(code, text, part) for code, cases in FAULTY.items() for text, part in cases],
    ids=[f"{code}-{n}" for code, cases in FAULTY.items() for n in range(len(cases))],
)
def test_faults_name_code_and_line(code: str, text: str, part: str | None) -> None:
    tomllib.loads(text)
    found = [f for f in errors(text) if f.code == code]
    assert found, errors(text)
    for fault in found:
        assert fault.remedy.endswith((".", "}", "?", ")", "]")), fault
        assert fault.what.endswith(".")
    if part is not None:
        assert line_of(text, part) in {f.line for f in found}, found


def test_fault_codes_stand_alone_where_nothing_else_is_wrong() -> None:
    only(whole(q("a", 'hnit = { sv = "x" }')), "unknown-key")
    only(whole(q("a", kind="singel")), "unknown-kind")
    only(whole(q("a"), q("b", 'asked_if = { question = "z", is = "ja" }')), "unknown-question")
    only(whole(q("a"), q("b", 'asked_if = { question = "a", is = "z" }')), "unknown-option")
    only(whole(q("a", 'hint = { sv = "{region}" }')), "undeclared-parameter")
    only(whole(q("a", 'hint = { sv = "x", se = "y" }')), "undeclared-language")


def test_a_misspelt_name_is_guessed() -> None:
    assert '"hint"' in only(whole(q("a", 'hnit = { sv = "x" }')), "unknown-key").remedy
    assert '"single"' in only(whole(q("a", kind="singel")), "unknown-kind").remedy
    wrong = whole(q("fore"), q("b", 'asked_if = { question = "fore_", is = "ja" }'))
    assert '"fore"' in only(wrong, "unknown-question").remedy


def test_all_faults_come_at_once_by_line() -> None:
    text = whole(q("a", "lines = 2"), q("a"), q("b", 'asked_if = { question = "z", is = "ja" }'), q("c", kind="x"))
    found = errors(text)
    assert {f.code for f in found} == {"not-for-kind", "duplicate-id", "unknown-question", "unknown-kind"}
    assert [f.line for f in found] == sorted(f.line for f in found)


def test_a_fallback_counts_as_the_language() -> None:
    text = whole().replace('["sv"]', '["sv", "sv-x-lattlast"]')
    assert errors(text) == []


def test_well_known_parameters_need_no_text() -> None:
    assert errors(whole(head="[parameters]\nreturn_address = true\ndeadline = false\n")) == []


def test_an_unused_option_list_is_a_warning() -> None:
    instrument, faults = definition.read(whole(head=f"[options]\nx = {JA_NEJ}\n"), "p")
    assert instrument is not None
    assert [(f.code, f.severity) for f in faults] == [("unused-options", Severity.WARNING)]


def test_a_condition_over_too_many_answers_is_a_warning() -> None:
    many = ", ".join(f'{{ id = "o{n}", label = {{ sv = "Svar {n}" }} }}' for n in range(16))
    wide = [q(f"m{n}", kind="multiple", options=f"[{many}]") for n in range(2)]
    each = ", ".join(f'{{ question = "m{m}", is = "o{n}" }}' for m in range(2) for n in range(16))
    rest = f'asked_if = {{ all = [{{ not = {{ any = [{each}] }} }}, {{ question = "m0", is = "o0" }}] }}'
    instrument, faults = definition.read(whole(*wide, q("c", rest)), "p")
    assert instrument is not None
    assert [(f.code, f.severity) for f in faults] == [("too-wide", Severity.WARNING)]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('id = "prov\n', 1),
        ('id = "prov"\nlanguages = ["sv"\n[x]\n', 3),
        ('id = "a"\nid = "b"\n', 2),
        ("x = [\n\n", 3),
        ("x = " + "[" * 5000, 0),
    ],
)
def test_broken_toml_is_a_fault_with_its_line(text: str, line: int) -> None:
    instrument, faults = definition.read(text, "prov.toml")
    assert instrument is None
    assert [f.code for f in faults] == ["broken-toml"]
    assert faults[0].line == line
    assert "(at " not in faults[0].what


@given(st.text(max_size=200))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_nothing_that_a_file_says_raises(text: str) -> None:
    instrument, faults = definition.read(text, "x")
    assert instrument is None
    assert any(f.severity is Severity.ERROR for f in faults)


@given(instruments(3), st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_definition_with_a_piece_cut_out_never_raises(instrument: Instrument, data: st.DataObject) -> None:
    text = toml_of(instrument)
    begin = data.draw(st.integers(0, len(text)))
    cut = text[:begin] + text[begin + data.draw(st.integers(1, 60)) :]
    read, faults = definition.read(cut, "x")
    assert (read is None) == any(f.severity is Severity.ERROR for f in faults)
    assert all(0 <= f.line <= cut.count("\n") + 2 for f in faults)


def test_load_raises_with_all_faults(tmp_path: Path) -> None:
    path = tmp_path / "fel.toml"
    path.write_text(whole(q("a", "lines = 2"), q("b", kind="x")), encoding="utf-8")
    with pytest.raises(DefinitionError) as caught:
        definition.load(path)
    assert [f.code for f in caught.value.faults] == ["not-for-kind", "unknown-kind"]
    assert f"{path}:" in caught.value.message
    path.write_text(whole(), encoding="utf-8")
    assert definition.load(path).id == "prov"
    path.write_bytes(b"\xef\xbb\xbf" + whole().encode())
    assert definition.load(path).id == "prov"


def test_unreadable_files_have_a_remedy(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    cases = []
    for content, code in ((None, "unreadable"), (b"a\n\xe5\n", "not-utf8"), (b" " * 2_000_001, "unreadable")):
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(FormsError) as caught:
            definition.load(path)
        cases.append((caught.value.code, code))
        assert caught.value.remedy
    assert all(got == wanted for got, wanted in cases), cases
    assert "line 2" in _message(tmp_path, b"a\n\xe5\n")
    with pytest.raises(FormsError, match=re.escape(str(tmp_path))):
        definition.load(tmp_path)


def _message(folder: Path, content: bytes) -> str:
    path = folder / "y.toml"
    path.write_bytes(content)
    with pytest.raises(FormsError) as caught:
        definition.load(path)
    return caught.value.message


def test_find_knows_ids_and_paths(tmp_path: Path) -> None:
    assert definition.find("sip-erfarenhet") == definition.shipped()["sip-erfarenhet"]
    path = tmp_path / "egen.toml"
    path.write_text(whole(), encoding="utf-8")
    assert definition.find(str(path)) == path
    with pytest.raises(FormsError) as caught:
        definition.find("sip")
    assert caught.value.code == "unknown-instrument"
    assert "sip-erfarenhet" in caught.value.remedy


# Lines


TRICKY = '''# comment with [brackets] and "quotes"
a = 1 # x
b = """
text "" with [x]
# no comment
""" # c
c."d e".f = 'x#'
[[s]] # one
id = "a\\"]"
[[s.q]]
o = [ {a=1}, # comment ]
  "x", [1,
 2], {b.c = [
  3]}
]
[[s.q]]
k = 1979-05-27 07:32:00
[s.q.t]
z = true
[[s]]
[[s.q]]
y = """"quoted""""
z = \'\'\'
a\'\'\'\'
w = 0
e = ""
f = """"""
g = 1
'''


def test_lines_of_tricky_toml() -> None:
    document = tomllib.loads(TRICKY)
    found = index(TRICKY)
    wanted = {
        ("a",): 2, ("b",): 3, ("c", "d e", "f"): 7, ("s", 0): 8, ("s", 0, "id"): 9, ("s", 0, "q", 0): 10,
        ("s", 0, "q", 0, "o", 1): 12, ("s", 0, "q", 0, "o", 2, 1): 13, ("s", 0, "q", 0, "o", 3, "b", "c", 0): 14,
        ("s", 0, "q", 1, "k"): 17, ("s", 0, "q", 1, "t", "z"): 19, ("s", 1): 20, ("s", 1, "q", 0, "y"): 22,
        ("s", 1, "q", 0, "z"): 23, ("s", 1, "q", 0, "w"): 25, ("s", 1, "q", 0, "g"): 28,
    }  # fmt: skip
    assert {place: found.line(place) for place in wanted} == wanted
    assert index(TRICKY.replace("\n", "\r\n")).lines == found.lines
    assert set(_places(document)) == set(found.lines)
    assert found.line(("s", 0, "q", 1, "t", "missing", 3)) == 18
    assert found.line(("missing",)) == 1


@given(instruments(4))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_value_has_a_line(instrument: Instrument) -> None:
    text = toml_of(instrument)
    found = index(text)
    assert set(_places(tomllib.loads(text))) == set(found.lines)
    lines = text.split("\n")
    for place, line in found.lines.items():
        if place[-1] == "text" and "variants" not in place:
            assert lines[line - 1].startswith(("text =", "source ="))


def _places(value: object, place: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    items: list[tuple[str | int, object]] = []
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, list):
        items = list(enumerate(value))
    return [p for key, inner in items for p in ((*place, key), *_places(inner, (*place, key)))]


# Conditions


def asked(question_id: str, options: str, kind: Kind = Kind.SINGLE, exclusive: str = "") -> Question:
    own = tuple(Option(o, Text((("sv", o),)), exclusive=o in exclusive) for o in options)
    return Question(question_id, kind, Wording(Text((("sv", "?"),))), options=own)


def test_what_can_be_met() -> None:
    single, multiple = asked("s", "abc"), asked("m", "abcx", Kind.MULTIPLE, "x")
    both = (single, multiple)
    assert can_be_met(Is("s", ("a",)), both)
    assert not can_be_met(Both((Is("s", ("a",)), Is("s", ("b",)))), both)
    assert can_be_met(Both((Is("m", ("a",)), Is("m", ("b",)))), both)
    assert not can_be_met(Both((Is("m", ("a",)), Is("m", ("x",)))), both)
    assert can_be_met(Not(Is("s", ("a",))), both)
    assert not can_be_met(Not(Either((Is("s", ("a",)), Not(Is("s", ("a",)))))), both)


def test_too_many_answers_are_said_to_be_too_many() -> None:
    options = "abcdefghijklmnopqr"
    wide = tuple(asked(f"m{n}", options, Kind.MULTIPLE) for n in range(3))
    impossible = Both((Not(Either(tuple(Is(q.id, (o,)) for q in wide for o in options))), Is("m0", ("a",))))
    assert can_be_met(impossible, wide) is None
