"""What each thing in an XLSForm becomes. The forms are tables; the words are made up."""

import io
import zipfile

import pytest
from builders import if_
from xlsform_books import SETTINGS, imported, saved, workbook

from forms import places
from forms.definition import read as read_definition
from forms.model import Both, Either, Instrument, Kind, Not, Option, Text
from forms.xlsform import Imported, read

FRAME = """
| type                       | name     | label                       | hint     | relevant | appearance | constraint |
| note                       | hej      | Vi frågar om besöket.       |          |          |            |            |
| begin_group                | besoket  | Besöket                     |          |          |            |            |
{rows}
| end_group                  |          |                             |          |          |            |            |
| note                       | slut     | Tack.                       |          |          |            |            |
"""


def framed(*rows: str, choices: str | None = None) -> Imported:
    return imported(FRAME.format(rows="\n".join(rows)), choices)


def sound(found: Imported) -> Instrument:
    assert found.instrument is not None, [str(f) for f in found.faults]
    return found.instrument


def codes(found: Imported) -> set[str]:
    return {f.code for f in found.faults}


def sv(words: str) -> Text:
    return Text((("sv", words),))


def test_a_small_form_becomes_an_instrument() -> None:
    found = framed(
        "| select_one ja_nej | lyssnad | Lyssnade de på dig? | Tänk på sist. | | | |",
        "| text | battre | Vad kunde bli bättre? | | ${lyssnad} = 'nej' | multiline | string-length(.) <= 700 |",
        "| integer | ganger | Hur många gånger? | | | | . >= 1 and . < 100 |",
    )
    instrument = sound(found)
    assert (instrument.id, instrument.languages, instrument.title) == ("besoket", ("sv",), sv("Besöket"))
    assert (instrument.intro, instrument.thanks) == (sv("Vi frågar om besöket."), sv("Tack."))
    [section] = instrument.sections
    assert (section.id, section.title) == ("besoket", sv("Besöket"))
    heard, better, times = section.questions
    assert (heard.kind, heard.wording.default, heard.hint) == (
        Kind.SINGLE,
        sv("Lyssnade de på dig?"),
        sv("Tänk på sist."),
    )
    assert heard.options == (
        Option("ja", sv("Ja")),
        Option("nej", sv("Nej")),
        Option("vet", sv("Vet inte"), way_out=True),
    )
    assert (better.kind, better.lines, better.max_length, better.asked_if) == (Kind.TEXT, 3, 700, if_("lyssnad", "nej"))
    assert (times.kind, times.minimum, times.maximum) == (Kind.NUMBER, 1, 99)
    assert codes(found) == {"way-out-guessed"}
    assert read_definition(found.definition, "x.toml")[0] == instrument


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        ("select_one ja_nej", Kind.SINGLE),
        ("select one ja_nej", Kind.SINGLE),
        ("select_one  ja_nej", Kind.SINGLE),
        ("SELECT_MULTIPLE ja_nej", Kind.MULTIPLE),
        ("select all that apply from ja_nej", Kind.MULTIPLE),
        ("string", Kind.TEXT),
        ("Text", Kind.TEXT),
        ("int", Kind.NUMBER),
    ],
)
def test_types_have_several_spellings(written: str, kind: Kind) -> None:
    assert sound(framed(f"| {written} | a | Fråga? | | | | . < 5 |")).questions[0].kind is kind


def test_group_conditions_reach_every_question_in_them() -> None:
    instrument = sound(
        imported("""
        | type              | name | label   | relevant                        |
        | note              | n    | Hej.    |                                 |
        | begin group       | g1   | Först   |                                 |
        | select_one ja_nej | a    | Va?     |                                 |
        | end group         |      |         |                                 |
        | begin_group       | g2   | Sedan   | ${a} = 'ja'                     |
        | begin_group       | g3   |         | ${a} != 'vet'                   |
        | select_one ja_nej | b    | Hur?    |                                 |
        | end_group         |      |         |                                 |
        | text              | c    | Varför? | ${a} = 'nej' or ${b} = 'nej'    |
        | end_group         |      |         |                                 |
        | note              | t    | Tack.   |                                 |
        """)
    )
    assert [(s.id, [q.id for q in s.questions]) for s in instrument.sections] == [("g1", ["a"]), ("g2", ["b", "c"])]
    assert instrument.by_id["b"].asked_if == Both((if_("a", "ja"), Not(if_("a", "vet"))))
    assert instrument.by_id["c"].asked_if == Both((if_("a", "ja"), Either((if_("a", "nej"), if_("b", "nej")))))


def test_notes_find_their_places() -> None:
    found = imported("""
        | type              | name    | label                | hint    |
        | note              | ett     | Ett.                 |         |
        | note              | tva     | Två.\\n\\nTre.       | Fyra.   |
        | note              | support | Ring någon.          |         |
        | begin_group       | g       | Del                  |         |
        | note              | in      | Om delen.            |         |
        | text              | a       | Va?                  |         |
        | note              | mellan  | Tänk efter.          |         |
        | text              | b       | Hur?                 | Kort.   |
        | note              | rubrik  | ## Ny del            |         |
        | note              | under   | Om nya delen.        |         |
        | text              | c       | När?                 |         |
        | end_group         |         |                      |         |
        | note              | slut    | Tack.                |         |
        | note              | slut2   | Hej då.              |         |
        """)
    instrument = sound(found)
    assert instrument.intro == sv("Ett.\n\nTvå.\n\nTre.\n\nFyra.")
    assert instrument.support == sv("Ring någon.")
    assert instrument.thanks == sv("Tack.\n\nHej då.")
    assert [(s.title, s.intro) for s in instrument.sections] == [
        (sv("Del"), sv("Om delen.")),
        (sv("Ny del"), sv("Om nya delen.")),
    ]
    assert instrument.by_id["b"].hint == sv("Tänk efter. Kort.")
    assert [(f.line, f.code) for f in found.faults] == [(8, "note-to-hint")]


def test_questions_outside_groups_get_a_heading() -> None:
    found = imported("""
        | type        | name | label  |
        | note        | n    | Hej.   |
        | text        | a    | Va?    |
        | begin_group | g    | Del    |
        | text        | b    | Hur?   |
        | end_group   |      |        |
        | text        | c    | När?   |
        | note        | t    | Tack.  |
        """)
    assert [(s.id, s.title.to("sv")) for s in sound(found).sections] == [
        ("fragor", "Frågor"),
        ("g", "Del"),
        ("fragor_2", "Frågor"),
    ]
    assert [f.line for f in found.faults if f.code == "no-heading-over"] == [3, 7]


def test_a_group_that_goes_on_after_another_keeps_its_heading_and_says_so() -> None:
    found = imported("""
        | type        | name  | label |
        | begin_group | yttre | Yttre |
        | text        | a     | Va?   |
        | begin_group | inre  | Inre  |
        | text        | b     | Hur?  |
        | end_group   |       |       |
        | text        | c     | När?  |
        | end_group   |       |       |
        | begin_group | tom   | Bara rubrik |
        | begin_group | full  | Full  |
        | text        | d     | Vem?  |
        | end_group   |       |       |
        | end_group   |       |       |
        """)
    assert [(s.id, s.title.to("sv")) for s in sound(found).sections] == [
        ("yttre", "Yttre"),
        ("inre", "Inre"),
        ("yttre_2", "Yttre"),
        ("full", "Full"),
    ]
    assert {"heading-twice", "left-out"} <= codes(found)


def test_an_own_field_at_an_option_comes_from_or_other_and_from_a_text_after_the_question() -> None:
    choices = """
        | list_name | name   | label  |
        | kalla     | vard   | Vården |
        | kalla     | annat  | Annat  |
        """
    found = framed(
        "| select_one kalla or_other | a | Varifrån? | | | | |",
        "| select_multiple kalla | b | Mer? | | | | |",
        "| text | b_annat | Annat: | | selected(${b}, 'annat') | | string-length(.) <= 60 |",
        "| select_one kalla | c | Och? | | | | |",
        "| text | c_annat | Vilken menar du? | | ${c} = 'annat' | | |",
        "| select_one kalla | d | Vidare? | | | | |",
        "| text | d_annat | Annat | | ${d} != 'annat' | | |",
        choices=choices,
    )
    instrument = sound(found)
    assert [q.id for q in instrument.questions] == ["a", "b", "c", "c_annat", "d", "d_annat"]
    assert instrument.by_id["a"].options[-1] == Option("other", sv("Annat:"), other=True)
    assert instrument.by_id["b"].option("annat").other
    assert instrument.by_id["b"].max_length == 60
    assert not instrument.by_id["c"].option("annat").other
    assert [(f.line, f.code) for f in found.faults if f.code == "text-field"] == [(6, "text-field")]


def test_an_exclusive_choice_is_known_by_its_constraint() -> None:
    constraint = "not(selected(., 'vet') and count-selected(.) > 1)"
    instrument = sound(framed(f"| select_multiple ja_nej | a | Va? | | | | {constraint} |"))
    assert [o.exclusive for o in instrument.questions[0].options] == [False, False, True]


def test_a_scale_is_known_by_its_ends() -> None:
    choices = """
        | list_name | name | label        | way_out |
        | bra       | 1    | 1 = Inte bra |         |
        | bra       | 2    | 2            |         |
        | bra       | 3    | 3 = Bra      |         |
        | bra       | vet  | Vet inte     | yes     |
        | ord       | 1    | Inte bra     |         |
        | ord       | 2    | Bra          |         |
        """
    instrument = sound(
        framed(
            "| select_one bra | a | Hur bra? | | | likert | |",
            "| select_one ord | b | Hur bra? | | | likert | |",
            "| select_one bra | c | Hur bra? | | ${a} = 1 or ${a} = '2' | | |",
            choices=choices,
        )
    )
    scale, words, plain = instrument.questions
    assert (scale.kind, scale.low, scale.high) == (Kind.SCALE, sv("Inte bra"), sv("Bra"))
    assert [o.id for o in scale.options] == ["1", "2", "3", "vet"]
    assert (words.kind, plain.kind) == (Kind.SINGLE, Kind.SINGLE)
    assert plain.asked_if == if_("a", "1", "2")


def test_all_municipalities_are_a_place() -> None:
    rows = [["list_name", "name", "label", "way_out"]]
    rows += [["kommun", p.code, p.name, ""] for p in places.lists()["kommuner"]]
    rows += [["kommun", "annan", "En annan", "yes"]]
    survey = "| type | name | label |\n| select_one kommun | a | Var bor du? |"
    found = sound(read(saved(workbook(survey=survey, choices=rows, settings=SETTINGS)), "x.xlsx"))
    assert (found.questions[0].kind, found.questions[0].places) == (Kind.PLACE, "kommuner")
    assert [o.id for o in found.questions[0].options] == ["annan"]


def test_languages_are_known_by_code_name_and_default() -> None:
    found = imported(
        """
        | type              | name  | label::English | label      | label::x (sv-x-lattlast) | hint::en | hint  |
        | note              | title | The visit      | Besöket    |                          |          |       |
        | note              | n     | Hello.         | Hej.       | Hej.                     |          |       |
        | select_one ja_nej | a     | What?          | Vad tycks? | Va?                      | Think.   | Tänk. |
        | note              | t     | Thanks.        | Tack.      |                          |          |       |
        """,
        """
        | list_name | name | label::Swedish (sv) | label::en |
        | ja_nej    | ja   | Ja                  | Yes       |
        | ja_nej    | nej  | Nej                 | No        |
        """,
    )
    instrument = sound(found)
    assert instrument.languages == ("sv", "en", "sv-x-lattlast")
    question = instrument.questions[0]
    assert dict(question.wording.default.translations) == {"sv": "Vad tycks?", "en": "What?", "sv-x-lattlast": "Va?"}
    assert dict(question.hint.translations) == {"sv": "Tänk.", "en": "Think."}
    assert dict(instrument.title.translations) == {"sv": "Besöket", "en": "The visit"}
    assert dict(instrument.intro.translations) == {"sv": "Hej.", "en": "Hello."}
    assert instrument.sections[0].title.to("en") == "Questions"


def test_one_title_serves_every_language_and_that_is_told() -> None:
    found = imported(
        """
        | type | name | label::sv | label::en |
        | text | a    | Va?       | What?     |
        """
    )
    assert sound(found).title == Text((("sv", "Besöket"), ("en", "Besöket")))
    assert {"one-title", "no-intro", "no-thanks", "no-heading-over"} <= codes(found)


def test_names_that_can_be_no_ids_are_mended_and_conditions_follow() -> None:
    found = imported(
        """
        | type             | name     | label | relevant             |
        | select_one Svårt | Fråga-1  | Va?   |                      |
        | text             | fraga_1  | Hur?  | ${Fråga-1} = 'JA!'   |
        | text             | 2.b      | När?  |                      |
        """,
        """
        | list_name | name | label |
        | Svårt     | JA!  | Ja    |
        | Svårt     | ja   | Jaja  |
        | Svårt     | --   | Nej   |
        """,
    )
    instrument = sound(found)
    assert [q.id for q in instrument.questions] == ["fraga_1_2", "fraga_1", "q_2_b"]
    assert [o.id for o in instrument.questions[0].options] == ["ja", "ja_2", "o"]
    assert instrument.questions[1].asked_if == if_("fraga_1_2", "ja")
    assert sum(f.code == "renamed" for f in found.faults) == 5
    assert all('"' in f.what for f in found.faults if f.code == "renamed")


def test_parameters_are_declared() -> None:
    survey = "| type | name | label |\n| note | n | Vi i {organisation} frågar. |\n| text | a | Bor du i {region}? |"
    assert sound(imported(survey)).parameters == (("organisation", True), ("region", True))
    declared = "region=optional organisation=required support=optional"
    settings = f"| form_title | form_id | parameters |\n| Besöket | b | {declared} |"
    assert sound(imported(survey, settings=settings)).parameters == (
        ("region", False),
        ("organisation", True),
        ("support", False),
    )


def test_source_and_care_have_columns_of_their_own() -> None:
    instrument = sound(
        imported("""
        | type | name | label | sensitive | source   | compares_with | comparison | rows |
        | text | a    | Va?   | yes       | Förra    | f2018/a       | same       | 6    |
        | text | b    | Hur?  | no        | Bara ord |               |            |      |
        """)
    )
    first, second = instrument.questions
    assert (first.sensitive, second.sensitive, first.lines) == (True, False, 6)
    assert first.source is not None
    assert (first.source.compares_with, first.source.comparison) == ("f2018/a", "same")
    assert second.source is not None
    assert second.source.compares_with is None


def test_what_is_only_passed_over_is_told_by_row() -> None:
    found = imported("""
        | type     | name   | label      | required | appearance | default | constraint   | read_only |
        | deviceid | apparat|            |          |            |         |              |           |
        | start    | start  |            |          |            |         |              |           |
        | text     | a      | **Va?**    | yes      | w4         | Ja      |              |           |
        | text     | b      | Hur?       | TRUE     |            |         | regex(., 'a')|           |
        | integer  | c      | Hur många? | no       |            |         |              |           |
        """)
    told = {(f.line, f.code) for f in found.faults if f.severity == "warning"}
    assert {(2, "left-out"), (3, "left-out"), (4, "required"), (4, "appearance"), (4, "unread-column")} <= told
    assert {(4, "markup"), (5, "constraint"), (6, "no-limit")} <= told
    assert sound(found).by_id["c"].maximum == 999_999


def test_numbers_and_truth_in_cells_are_words() -> None:
    choices = [["list_name", "name", "label"], ["l", 1, 1], ["l", 2.0, 2.5], ["l", True, False]]
    survey = [["type", "name", "label"], ["select_one l", "a", "Va?"], ["text", "b", 17]]
    found = sound(read(saved(workbook(survey=survey, choices=choices, settings=SETTINGS)), "x.xlsx"))
    assert [(o.id, o.label.to("sv")) for o in found.questions[0].options] == [
        ("1", "1"),
        ("2", "2.5"),
        ("true", "FALSE"),
    ]
    assert found.questions[1].wording.default == sv("17")


def test_without_settings_the_file_gives_its_name() -> None:
    data = saved(workbook(Survey="| type | name | label |\n| text | a | Va? |"))
    found = read(data, "Min enkät 2.xlsx")
    instrument = sound(found)
    assert (instrument.id, instrument.title, instrument.languages) == ("min-enkat-2", sv("Min enkät 2"), ("sv",))
    assert {"no-title", "no-language", "renamed"} <= codes(found)


@pytest.mark.parametrize("shared", [False, True])
def test_a_file_of_another_program_is_read(shared: bool) -> None:
    """No styles, a prefix for the namespace; texts in the cells, or shared as Excel has them, in parts of their own."""
    rows = [["type", "name", "label"], ["text", "ab", "Va, å &amp; hur?"]]
    strings = [words for row in rows for words in row]

    def cell(row: int, column: int, words: str) -> str:
        if shared:
            return f'<x:c r="{"ABC"[column]}{row}" t="s"><x:v>{strings.index(words)}</x:v></x:c>'
        return f'<x:c r="{"ABC"[column]}{row}" t="inlineStr"><x:is><x:t>{words}</x:t></x:is></x:c>'

    cells = "".join(
        f'<x:row r="{r}">{"".join(cell(r, c, v) for c, v in enumerate(row))}</x:row>' for r, row in enumerate(rows, 1)
    )
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    types = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types"><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{types}.sheet.main+xml"/>'
        f'<Override PartName="/xl/w.xml" ContentType="{types}.worksheet+xml"/>'
        f'<Override PartName="/xl/sharedStrings.xml" ContentType="{types}.sharedStrings+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" '
        f'Type="{relations}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{relations}"><sheets>'
        '<sheet name="survey" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" '
        f'Type="{relations}/worksheet" Target="w.xml"/></Relationships>',
        "xl/sharedStrings.xml": f'<sst xmlns="{main}">'
        + "".join(f"<si><r><t>{w[:2]}</t></r><r><t>{w[2:]}</t></r></si>" for w in strings)
        + "</sst>",
        "xl/w.xml": f'<x:worksheet xmlns:x="{main}"><x:sheetData>{cells}</x:sheetData></x:worksheet>',
    }
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as out:
        for name, content in parts.items():
            out.writestr(name, content)
    assert sound(read(data.getvalue(), "x.xlsx")).questions[0].wording.default == sv("Va, å & hur?")


def test_long_names_of_columns_and_unread_words_are_not_lost() -> None:
    found = imported("""
        | type              | name | label  | bind::relevant | constraint_message::sv | hint::sv |
        | select_one ja_nej | a    | Va?    |                |                        |          |
        | text              | b    | Hur?   | ${a} = 'ja'    | För långt              | Kort.    |
        """)
    assert sound(found).by_id["b"].asked_if == if_("a", "ja")
    assert sound(found).by_id["b"].hint == sv("Kort.")
    assert [f.what for f in found.faults if f.code == "unread-column"] == [
        'Sheet "survey": The column "constraint_message::sv" is not read; it holds something on row 3.'
    ]


def test_what_the_settings_say_twice_or_in_vain_is_told() -> None:
    found = imported(
        "| type | name | label::en |\n| note | title | A visit |\n| text | a | What? |",
        settings="| form_title | default_language |\n| Besöket | Svenska (sv) |\n| Till | |",
    )
    assert sound(found).languages == ("en",)
    assert sound(found).title.to("en") == "A visit"
    assert {"two-titles", "no-default", "unread-row"} <= codes(found)


def test_languages_without_usual_words_head_sections_by_the_title() -> None:
    found = imported("""
        | type | name | label::fi | label::de |
        | note | n    | Hei.      | Hallo.    |
        | text | a    | Mikä?     | Was?      |
        | note | k    | Kiitos.   | Danke.    |
        """)
    assert dict(sound(found).sections[0].title.translations) == {"fi": "Besöket", "de": "Besöket"}


def test_a_text_that_says_more_than_a_field_stays_a_question() -> None:
    rows = "| type | name | label | relevant | {} |\n| select_one ja_nej | a | Va? | | |\n"
    field = "| text | a_nej | Nej | ${{a}} = 'nej' | {} |"
    for column, cell in (("sensitive", "yes"), ("source", "Ord"), ("hint", "Kort.")):
        found = sound(imported(rows.format(column) + field.format(cell)))
        assert [q.id for q in found.questions] == ["a", "a_nej"], column
    assert sound(imported(rows.format("rows") + field.format(""))).questions[0].option("nej").other
