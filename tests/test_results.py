"""Tables: bases and counts, by channel and together."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import web_helpers
from dataset_helpers import DEFINITION, Clock, a_run, a_survey, an_instance, reading, send, take
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from forms.answers import Given, Mark, Reason, route
from webapp.dataset.answers import Channel, Item, Response, decode, encode, tally
from webapp.dataset.instance import Instance
from webapp.dataset.pages import Action, Choice
from webapp.dataset.responses import EMPTY_DIGEST, combine, new_key
from webapp.dataset.surveys import Settings, Survey, SurveyState, instrument_of
from webapp.results.exports import ExportFormat, export
from webapp.results.tables import TOGETHER, Bases, results, tabulate


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[Instance]:
    with an_instance(tmp_path / "i", Clock()) as made:
        yield made


def crossed(*options: str) -> Given:
    return Given(dict.fromkeys(options, Mark.CROSSED))


@pytest.fixture
def survey(instance: Instance) -> Survey:
    """Six on the web, five on paper, with everything that a base can hold."""
    survey = a_survey(instance, grace_days=0)
    for fick, more in (
        ("ja", {"bra": crossed("5"), "vilka": crossed("vard", "kommun"), "antal": Given({}, {None: "2"})}),
        ("ja", {"bra": crossed("4"), "vilka": crossed("vard"), "antal": Given({}, {None: "10"})}),
        ("ja", {"ort": Given({}, {None: "1480"}), "ord": Given({}, {None: "Bra."})}),
        ("nej", {"ort": Given({}, {None: "1481"}), "vilka": crossed("ingen")}),
        ("annat", {"ort": Given({}, {None: "1480"})}),
        (None, {"ord": Given({}, {None: "Jag vet inte."})}),
    ):
        answers = {**({"fick": crossed(fick)} if fick else {}), **more}
        if fick == "annat":
            answers["fick"] = Given({"annat": Mark.CROSSED}, {"annat": "En sorts plan"})
        send(instance, survey, answers)
    run, layout = a_run(instance, survey, 5)
    sheets: list[dict[str, object]] = [
        {"fick": ["ja"], "bra": ["5"]},
        {"fick": ["nej"], "bra": ["1"]},  # answered although passed over
        {"fick": ["ja", "nej"]},  # waits
        {"fick": {"ja": Mark.UNCERTAIN}},  # settled as unclear
        {"vilka": ["ingen"]},
    ]
    for serial, marks in zip(run.serials, sheets, strict=True):
        take(instance, survey, reading(layout, 1, serial, marks))  # type: ignore[arg-type]
        take(instance, survey, reading(layout, 2, serial))
    unclear = next(i for i in instance.decisions.waiting(survey) if i.serial == run.serials[3])
    instance.decisions.decide(survey, unclear.id, Choice(Action.UNCLEAR), by="Ada")
    return instance.close_survey("prov")


def test_bases_of_a_question_by_channel_and_together(instance: Instance, survey: Survey) -> None:
    found = results(instance, survey)
    assert found.columns == ("web", "paper", TOGETHER)
    assert found.responses == {"web": 6, "paper": 5, TOGETHER: 11}
    bra = found.by_id["bra"]
    # web: 3 asked because "ja", 1 because it can't be known; paper: 1 "ja", 2 unclear and 1 blank can't be known
    assert bra.bases["web"] == Bases(6, 4, 2, 2, 2, 0, 0, 0, 2, 0)
    assert bra.bases["paper"] == Bases(5, 4, 1, 1, 3, 0, 0, 1, 2, 0)
    assert bra.bases[TOGETHER] == Bases(11, 8, 3, 3, 5, 0, 0, 1, 4, 0)
    fick = found.by_id["fick"]
    assert fick.bases["paper"] == Bases(5, 5, 0, 2, 1, 2, 0, 0, 2, 1)
    assert fick.number == 1


def test_counts_and_shares_are_over_all_answers_given(instance: Instance, survey: Survey) -> None:
    bra = results(instance, survey).by_id["bra"]
    counts = {row.id: (row.counts["web"], row.counts["paper"], row.counts[TOGETHER]) for row in bra.options}
    assert counts == {"1": (0, 1, 1), "2": (0, 0, 0), "3": (0, 0, 0), "4": (1, 0, 1), "5": (1, 1, 2)}
    assert [bra.share(row, TOGETHER) for row in bra.options] == [0.25, 0, 0, 0.25, 0.5]
    vilka = results(instance, survey).by_id["vilka"]
    assert [(r.id, vilka.share(r, "web")) for r in vilka.options] == [
        ("vard", 2 / 3),
        ("kommun", 1 / 3),
        ("ingen", 1 / 3),
    ]
    assert vilka.share(vilka.options[2], "paper") == 1
    ort = results(instance, survey).by_id["ort"]
    assert ort.share(ort.places[0], "paper") is None


def test_texts_places_and_numbers(instance: Instance, survey: Survey) -> None:
    found = results(instance, survey)
    assert found.by_id["ord"].texts == {None: {"web": 2, "paper": 0, TOGETHER: 2}}
    assert found.by_id["fick"].texts == {"annat": {"web": 1, "paper": 0, TOGETHER: 1}}
    ort = found.by_id["ort"]
    assert [(r.id, r.label.to("sv"), r.counts[TOGETHER]) for r in ort.places] == [
        ("1480", "Göteborg", 2),
        ("1481", "Mölndal", 1),
    ]
    assert sum(r.counts[TOGETHER] for r in ort.subregions) == 3
    assert {r.group for r in ort.places} == {r.id for r in ort.subregions}
    antal = found.by_id["antal"]
    assert [(r.id, r.counts["web"]) for r in antal.values] == [("2", 1), ("10", 1)]
    assert (antal.numbers["web"].n, antal.numbers["web"].least, antal.numbers["web"].greatest) == (2, 2, 10)
    assert "paper" not in antal.numbers


def test_the_same_number_is_one_row_however_it_was_written(instance: Instance) -> None:
    survey = a_survey(instance, "tal", grace_days=0)
    for text in ("7", "07", " 007", "0", "00"):
        send(instance, survey, {"antal": Given({}, {None: text})})
    run, layout = a_run(instance, survey, 1)
    take(instance, survey, reading(layout, 1, run.serials[0]))
    take(instance, survey, reading(layout, 2, run.serials[0], {}, {("antal", None): None}))
    (item,) = instance.decisions.waiting(survey)
    instance.decisions.decide(survey, item.id, Choice(Action.TEXT, text="07"), by="Ada")
    survey = instance.close_survey("tal")
    antal = results(instance, survey).by_id["antal"]
    assert [(r.id, r.counts[TOGETHER]) for r in antal.values] == [("0", 2), ("7", 4)]
    assert {a.own_text for r in instance.responses.all(survey) for a in r.answers if a.question == "antal"} == {
        "0",
        "7",
    }
    assert instance.verifier.verify() == ()


def test_what_stands_at_an_unclear_question_is_not_counted(tmp_path: Path) -> None:
    """A place beside "another one", and nobody can tell which of them was meant; words beside two crossed boxes."""
    with an_instance(tmp_path / "p", Clock()) as instance:
        instance.surveys.create("prov", web_helpers.DEFINITION, "prov.toml", parameters=web_helpers.PARAMETERS)
        survey = instance.surveys.open("prov")
        run, layout = a_run(instance, survey, 1)
        marks = {"fick": ["ja", "annat"]}
        take(instance, survey, reading(layout, 1, run.serials[0], marks, {("fick", "annat"): None}))
        take(instance, survey, reading(layout, 2, run.serials[0], {"kommun": ["annan"]}, {("kommun", None): None}))
        for reason, choices in (
            (
                Reason.TRANSCRIBE,
                {"kommun": Choice(Action.TEXT, text="Göteborg"), "fick": Choice(Action.TEXT, text="Hm")},
            ),
            (Reason.SEVERAL, {"kommun": Choice(Action.UNCLEAR), "fick": Choice(Action.UNCLEAR)}),
        ):
            for item in instance.decisions.waiting(survey):
                if item.reason is reason:
                    instance.decisions.decide(survey, item.id, choices[item.question], by="Ada")
        found = results(instance, survey)
        kommun, fick = found.by_id["kommun"], found.by_id["fick"]
        assert (kommun.bases["paper"].given, kommun.bases["paper"].unclear, kommun.places) == (0, 1, ())
        assert (fick.bases["paper"].given, fick.texts) == (0, {})
        assert list(instance.responses.texts(survey, "fick")) == []
        data = export(instance, survey, ExportFormat.CSV)[0].content.decode("utf-8-sig")
        (row,) = csv.DictReader(io.StringIO(data))
        assert {k: v for k, v in row.items() if k.startswith(("kommun", "fick")) and v} == {
            "fick__status": "unclear",
            "kommun__status": "unclear",
        }
        assert instance.verifier.verify() == ()


def test_a_dataset_kept_by_earlier_rules_is_counted_anew_when_it_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "old"
    with an_instance(path, Clock()) as instance:
        survey = a_survey(instance, grace_days=0)
        send(instance, survey, {"antal": Given({}, {None: "7"})})
        instance.close_survey("prov")
        write, db = instance.store.db.write, instance.store.db
        # As it was: web answers stay as they were sealed, and the counts name each way to write a number.
        old = json.dumps({"antal": {"s": "answered", "v": "07"}})
        write(lambda: db.execute("UPDATE responses SET answers = ?", (old,)))
        write(lambda: db.execute("UPDATE counts SET item = 'number:07' WHERE item = 'number:7'"))
        write(lambda: db.execute("PRAGMA user_version = 0"))
    for _ in range(2):
        with Instance.open(path) as instance:
            survey = instance.surveys.get("prov")
            assert [r.id for r in results(instance, survey).by_id["antal"].values] == ["7"]
            assert instance.responses.counts(survey) == instance.responses.recount(survey)
            assert [r.answers[3].own_text for r in instance.responses.all(survey)] == ["7"]
            assert instance.store.db.value("SELECT answers FROM responses") == old


def test_options_that_were_settled_as_unclear_by_earlier_rules_are_told_apart_when_it_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "old"
    with an_instance(path, Clock()) as instance:
        survey = a_survey(instance)
        run, layout = a_run(instance, survey, 2)
        for serial in run.serials:
            take(
                instance,
                survey,
                reading(layout, 1, serial, {"vilka": {"vard": Mark.CROSSED, "kommun": Mark.UNCERTAIN}}),
            )
            take(instance, survey, reading(layout, 2, serial))
        item = instance.decisions.waiting(survey)[0]
        instance.decisions.decide(survey, item.id, Choice(Action.UNCLEAR), by="Ada")
        write, db = instance.store.db.write, instance.store.db
        write(lambda: db.execute("UPDATE responses SET answers = json_remove(answers, '$.vilka.u')"))
        write(lambda: db.execute("DELETE FROM counts WHERE item = ?", (Item.UNSETTLED.value,)))
        write(lambda: db.execute("PRAGMA user_version = 0"))
    with Instance.open(path) as instance:
        assert results(instance, survey).by_id["vilka"].bases["paper"].unsettled == 2
        assert [a.unsettled for r in instance.responses.all(survey) for a in r.answers if a.question == "vilka"] == [
            ("kommun",),
            ("kommun",),
        ]
        assert instance.decisions.waiting(survey)[0].serial == max(set(run.serials) - {item.serial})
        assert instance.verifier.verify() == ()


def test_a_damaged_survey_of_earlier_rules_stays_as_it_is_and_keeps_no_other_from_being_opened(tmp_path: Path) -> None:
    path = tmp_path / "old"
    with an_instance(path, Clock()) as instance:
        for slug in ("skadad", "hel"):
            survey = a_survey(instance, slug, grace_days=0)
            send(instance, survey, {"antal": Given({}, {None: "7"})})
            instance.close_survey(slug)
        write, db = instance.store.db.write, instance.store.db
        write(lambda: db.execute("UPDATE responses SET answers = '{' WHERE survey = 'skadad'"))
        write(lambda: db.execute("UPDATE counts SET n = 5"))
        write(lambda: db.execute("PRAGMA user_version = 0"))
    with Instance.open(path) as instance:
        kept = {slug: instance.responses.counts(instance.surveys.get(slug)) for slug in ("skadad", "hel")}
        assert {slug: set(counts.values()) for slug, counts in kept.items()} == {"skadad": {5}, "hel": {1}}
        assert {fault.place for fault in instance.verifier.verify()} == {"survey skadad"}


def test_a_survey_without_responses_has_tables_too(instance: Instance) -> None:
    empty = a_survey(instance, "tom")
    assert results(instance, empty).columns == (TOGETHER,)
    found = results(instance, empty, all_channels=True)
    assert found.columns == ("web", "paper", TOGETHER)
    assert found.responses[TOGETHER] == 0
    assert all(t.share(r, TOGETHER) is None for t in found.questions for r in t.options)


def test_an_option_that_only_an_older_version_had_is_shown(instance: Instance, survey: Survey) -> None:
    counts = dict(instance.responses.counts(survey)) | {("web", "fick", "option:kanske"): 2}
    row = tabulate(survey, counts).by_id["fick"].options[-1]
    assert (row.id, row.current, row.counts["web"]) == ("kanske", False, 2)
    older_text = instance.surveys.definition(survey, survey.versions[0]).replace('"nej"', '"kanske"')
    older = instrument_of(older_text, "older.toml")
    row = tabulate(survey, counts, [older]).by_id["fick"].options[-1]
    assert row.label.to("sv") == "Nej"


_MARKS = st.sampled_from(list(Mark))


@st.composite
def _responses(draw: st.DrawFn) -> dict[str, Given]:
    given = {}
    for question, options in (("fick", "ja nej annat"), ("bra", "1 2 3 4 5"), ("vilka", "vard kommun ingen")):
        marks = draw(st.dictionaries(st.sampled_from(options.split()), _MARKS))
        texts = draw(st.sampled_from([{}, {"annat": "x"}, {"annat": None}])) if question == "fick" else {}
        stray = draw(st.sampled_from([frozenset(), frozenset({None}), frozenset({options.split()[0]})]))
        given[question] = Given(marks, texts, stray, draw(st.booleans()), draw(st.booleans()))
    for question, values in (
        ("antal", ["7", "07", "0700", None, ""]),
        ("ort", ["1480", "Atlantis", None]),
        ("ord", ["a", None]),
    ):
        given[question] = Given({}, draw(st.sampled_from([{}, *({None: v} for v in values)])))
    return given


@settings(max_examples=150, deadline=None)
@for_all(st.lists(_responses(), max_size=6))
def test_bases_add_up_whatever_was_given(everything: list[dict[str, Given]]) -> None:
    instrument = instrument_of(DEFINITION, "prov.toml")
    counts: dict[tuple[str, str, str], int] = {}
    for n, given in enumerate(everything):
        answers = route(instrument, given)
        coded, words = encode(instrument, answers)
        assert decode(instrument, coded, words) == answers
        for (question, item), number in tally(instrument, coded).items():
            key = (("web", "paper")[n % 2], question, item)
            counts[key] = counts.get(key, 0) + number
    survey = _frame(instrument)
    found = tabulate(survey, counts, all_channels=True)
    for table in found.questions:
        for column in found.columns:
            b = table.bases[column]
            assert b.responses == b.asked + b.passed_over
            assert b.asked == b.answered + b.blank + b.unclear + b.not_returned
            assert b.given == b.answered + b.although
            assert b.although <= b.passed_over
            for rows in (table.options, table.places, table.values):
                assert all(r.counts[column] <= b.given for r in rows)
            assert b.unsettled <= b.given
            assert sum(r.counts[column] for r in (*table.places, *table.values)) <= b.given
            assert all(counts[column] <= b.given for counts in table.texts.values())
            if table.question.chooses_one and table.options:
                assert sum(r.counts[column] for r in table.options) <= b.given
        for field in Bases.__dataclass_fields__:
            web, paper, both = (getattr(table.bases[c], field) for c in found.columns)
            assert web + paper == both


def _frame(instrument: object) -> Survey:
    return Survey("prov", "0" * 16, SurveyState.OPEN, False, instrument, (), {}, ("sv",), Settings())  # type: ignore[arg-type]


def test_kept_counts_stay_right_when_responses_change_and_go(instance: Instance) -> None:
    survey = a_survey(instance)
    instrument, key = survey.instrument, new_key()
    first = Response(key, Channel.PAPER, instrument.version, "sv", route(instrument, {"fick": crossed("ja")}))
    words = {"ord": Given({}, {None: "ett ord"})}
    second = replace(first, answers=route(instrument, {"fick": crossed("nej")} | words))
    put = instance.responses.put
    for step in (
        lambda: put(survey, first, instrument),
        lambda: put(survey, first, instrument),
        lambda: put(survey, second, instrument),
    ):
        instance.store.db.write(step)
        assert instance.responses.counts(survey) == instance.responses.recount(survey)
    assert instance.responses.get(survey, key) == second
    instance.store.db.write(lambda: instance.responses.remove(survey, key))
    assert instance.responses.counts(survey) == {}
    assert instance.store.db.value("SELECT count(*) FROM texts") == 0


@for_all(st.lists(st.binary(min_size=2048, max_size=2048), max_size=4), st.randoms())
@settings(max_examples=30, deadline=None)
def test_the_digest_takes_no_order_and_can_be_taken_back(elements: list[bytes], random: object) -> None:
    shuffled = list(elements)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = EMPTY_DIGEST, EMPTY_DIGEST
    for a, b in zip(elements, shuffled, strict=True):
        one, other = combine(one, a), combine(other, b)
    assert one == other
    for a in elements:
        one = combine(one, a, -1)
    assert one == EMPTY_DIGEST
