"""Hypothesis strategies: valid instruments, and what people may do with them.

instruments()            any instrument that a definition can hold
for_paper()              instruments that try paper: texts from one letter to a page, many options, many questions
parameters()             what surveys give: short and long, on one line and on many
on_screen(instrument)    a submission that the rulebook takes
on_paper(instrument)     anything a pen and a scanner may leave behind
toml_of(instrument)      the definition that reads back as this instrument
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from random import Random

from hypothesis import strategies as st

from forms import places
from forms.answers import Given, Mark
from forms.conditions import can_be_met
from forms.model import (
    Both,
    Comparison,
    Condition,
    Either,
    Instrument,
    Is,
    Kind,
    Not,
    Option,
    Question,
    Section,
    Source,
    Text,
    Wording,
    questions_in,
)

LETTERS = "abcdefghijklmnoprstuvyåäöABCDEFGHIKLMNOPRSTUVÅÄÖé0123456789"


def _sentence(seed: int, most: int) -> str:
    """Some words. One drawn number stands for the whole: what texts say matters to no law, and drawing is slow."""
    chance = Random(seed)
    words = ("".join(chance.choices(LETTERS, k=chance.randint(1, 12))) for _ in range(chance.randint(1, most)))
    return " ".join(words)


def sentences(most: int = 8) -> st.SearchStrategy[str]:
    return st.integers(0, 999).map(lambda seed: _sentence(seed, most))


def texts(languages: Sequence[str], most: int = 8, ending: str = "", *, empty: bool = False) -> st.SearchStrategy[Text]:
    def text(seed: int) -> Text:
        if empty and seed % 2:
            return Text()
        return Text(tuple((tag, _sentence(seed + n, most) + ending) for n, tag in enumerate(languages)))

    return st.integers(0, 999).map(text)


@st.composite
def options_of(draw: st.DrawFn, languages: Sequence[str], kind: Kind) -> tuple[Option, ...]:
    if kind is Kind.SCALE:
        points = draw(st.integers(2, 7))
        ways_out = draw(st.integers(0, 1))
        scale = [Option(str(n), Text(tuple((tag, str(n)) for tag in languages))) for n in range(1, points + 1)]
        label = draw(texts(languages, 2, " ingen"))
        return (*scale, *([Option("vet_inte", label, way_out=True)] * ways_out))
    least, most = {Kind.SINGLE: (2, 7), Kind.MULTIPLE: (2, 9), Kind.PLACE: (0, 2)}.get(kind, (0, 0))
    found = []
    for n in range(draw(st.integers(least, most))):
        # The number keeps the labels of one question apart.
        label = draw(texts(languages, 3, f" {n}"))
        way_out = kind is Kind.PLACE or draw(st.booleans())
        exclusive = kind is Kind.MULTIPLE and draw(st.integers(0, 4)) == 0
        other = kind is not Kind.PLACE and draw(st.integers(0, 4)) == 0
        found.append(Option(f"o{n}", label, exclusive, other, way_out))
    return tuple(found)


def conditions(earlier: Sequence[Question]) -> st.SearchStrategy[Condition]:
    """Conditions on earlier questions that have options; there must be at least one such question."""

    def one(question: Question) -> st.SearchStrategy[Condition]:
        ids = [o.id for o in question.options]
        chosen = st.lists(st.sampled_from(ids), min_size=1, max_size=3, unique=True)
        return chosen.map(lambda options: Is(question.id, tuple(options)))

    simple = st.sampled_from([q for q in earlier if q.options]).flatmap(one)
    parts = st.lists(simple, min_size=1, max_size=3).map(tuple)
    return st.one_of(simple, simple, parts.map(Both), parts.map(Either), simple.map(Not))


@st.composite
def possible(draw: st.DrawFn, earlier: Sequence[Question], asked_if: Condition | None = None) -> Condition | None:
    """A condition that can be met, or none."""
    if not any(q.options for q in earlier) or draw(st.integers(0, 2)):
        return None
    condition = draw(conditions(earlier))
    return condition if can_be_met(condition, earlier, asked_if) else None


@st.composite
def questions(draw: st.DrawFn, question_id: str, languages: Sequence[str], earlier: Sequence[Question]) -> Question:
    kind = draw(st.sampled_from(list(Kind)))
    asked_if = draw(possible(earlier))
    variant = draw(possible(earlier, asked_if))
    variants = () if variant is None else ((variant, draw(texts(languages, 10, "?"))),)
    options = draw(options_of(languages, kind))
    numeric = kind is Kind.NUMBER
    lines = draw(st.integers(1, 5)) if kind is Kind.TEXT else 1
    compared = draw(st.sampled_from([None, *Comparison]))
    source = Source(draw(sentences()), None if compared is None else f"vg2018/{question_id}", compared)
    return Question(
        question_id,
        kind,
        Wording(draw(texts(languages, 10, "?")), variants),
        draw(texts(languages, 8, empty=True)),
        options,
        asked_if,
        draw(st.sampled_from([None, source])),
        lines,
        200 if lines == 1 else 2000,
        draw(st.integers(0, 5)) if numeric else 0,
        draw(st.integers(6, 2030)) if numeric else 0,
        draw(texts(languages, 2)) if kind is Kind.SCALE else Text(),
        draw(texts(languages, 2)) if kind is Kind.SCALE else Text(),
        "kommuner" if kind is Kind.PLACE else "",
        draw(st.booleans()),
    )


@st.composite
def instruments(draw: st.DrawFn, most_questions: int = 7, languages: Sequence[str] = ("sv", "en")) -> Instrument:
    earlier: list[Question] = []
    sections = []
    for number in range(draw(st.integers(1, 3))):
        own = []
        for _ in range(draw(st.integers(1, max(1, most_questions // 3)))):
            own.append(draw(questions(f"q{len(earlier) + 1}", languages, earlier)))
            earlier.append(own[-1])
        title, intro = draw(texts(languages, 4)), draw(texts(languages, 12, empty=True))
        sections.append(Section(f"s{number + 1}", title, tuple(own), intro))
    named = draw(texts(languages, 12, " {support}"))
    return Instrument(
        "prov",
        tuple(languages),
        draw(texts(languages, 4)),
        draw(texts(languages, 30)),
        draw(texts(languages, 6)),
        named,
        tuple(sections),
        (("support", draw(st.booleans())), ("region", False)),
    )


WORDS = tuple(
    word
    for line in (
        "du möte plan vad vi om att din egen hjälp Ja åt få hur Qvist där någon tillsammans",
        "kommunen vårdcentralen samordnad individuell ersättning",
        "boendestöd habilitering socialsekreterare",
        "arbetsförmedlingen samordningsförbundet handläggningstiden öppenvårdsmottagningen ålderspensionssystemet",
        "sjukersättningshandläggningsrutinerna barn-och-ungdomspsykiatriska",
    )
    for word in line.split()
)
"""From the shortest words to compounds that fill half a line; capitals with rings and letters with tails."""

LENGTHS = (1, 4, 12, 12, 25, 25, 50, 90, 200)
"""Letters of a label or a question."""


def prose(seed: int, letters: int) -> str:
    """Words of about so many letters in all; one seed in twelve gives a single word that can't be broken."""
    chance = Random(seed)
    if letters == 1:
        return chance.choice("ÅJgQWi1")
    if chance.random() < 1 / 12:
        return "".join(chance.choices("aeionrstljkmvåäögp", k=letters))
    said = [chance.choice(WORDS)]
    while len(" ".join(said)) < letters:
        said.append(chance.choice(WORDS))
    return " ".join(said)[:letters].strip()


def _prose(seed: int, letters: int, languages: Sequence[str], ending: str = "") -> Text:
    return Text(tuple((tag, prose(seed + n, letters) + ending) for n, tag in enumerate(languages)) if letters else ())


def _same(words: str, languages: Sequence[str]) -> Text:
    return Text(tuple((tag, words) for tag in languages))


def _for_paper_options(seed: int, kind: Kind, count: int, letters: int, languages: Sequence[str]) -> list[Option]:
    chance = Random(seed)
    if kind is Kind.SCALE:
        points = [Option(str(n), _same(str(n), languages)) for n in range(1, min(11, count + 1) + 1)]
        if chance.random() < 0.5:
            points.append(Option("vet_inte", _prose(seed, letters, languages, " ingen"), way_out=True))
        return points
    others = chance.random() < 0.4 and kind is not Kind.PLACE
    found = []
    for n in range(count):
        # What stands last keeps the labels of a question apart; a list of single letters is told apart by them.
        own = letters if chance.random() < 0.7 else chance.choice(LENGTHS[:6])
        label = _same("abcdefghijklmnopqrstuvwxyzåäö"[n], languages) if letters == 1 and n < 29 else None
        way_out = kind is Kind.PLACE or chance.random() < 0.15
        exclusive = kind is Kind.MULTIPLE and chance.random() < 0.1
        other = others and (n == count - 1 or chance.random() < 0.1)
        found.append(Option(f"o{n}", label or _prose(seed + n, own, languages, f" {n}"), exclusive, other, way_out))
    return found


@st.composite
def _for_paper_question(
    draw: st.DrawFn, number: int, languages: Sequence[str], earlier: list[Question], hard: bool
) -> Question:
    kind = draw(st.sampled_from([Kind.SINGLE, Kind.SINGLE, Kind.SINGLE, *Kind]))
    seed = draw(st.integers(0, 9999))
    count = draw(st.sampled_from([2, 3, 4, 4, 5, 7, 10, 16, 40]))
    label, wording = draw(st.sampled_from(LENGTHS)), draw(st.sampled_from(LENGTHS))
    hint = draw(st.sampled_from([0, 0, 0, 20, 120, 600]))
    if not hard:
        # One question that fits no page is enough to refuse the whole.
        count, label, hint = min(count, 60 // (1 + label // 12), 16), min(label, 90), min(hint, 300)
        count = max(count, 2)
    chance = Random(seed)
    options: list[Option] = []
    if kind in (Kind.SINGLE, Kind.MULTIPLE, Kind.SCALE):
        options = _for_paper_options(seed, kind, count, label, languages)
    elif kind is Kind.PLACE:
        options = _for_paper_options(seed, kind, count % 3, label, languages)
    asked_if: Condition | None = None
    choosing = [q for q in earlier if q.options]
    if choosing and draw(st.integers(0, 3)) == 0:
        on = chance.choice(choosing[-4:])
        ids = [o.id for o in on.options]
        asked_if = Is(on.id, tuple(chance.sample(ids, chance.randint(1, min(3, len(ids) - 1)) if len(ids) > 1 else 1)))
        if chance.random() < 0.2:
            asked_if = Not(asked_if)
        asked_if = asked_if if can_be_met(asked_if, earlier) else None
    lines = chance.choice([1, 1, 3, 8, 20 if hard else 5]) if kind is Kind.TEXT else 1
    ends = (_prose(seed + 1, label, languages), _prose(seed + 2, label, languages)) if kind is Kind.SCALE else None
    return Question(
        f"q{number}",
        kind,
        Wording(_prose(seed, wording, languages, "?")),
        _prose(seed, hint, languages),
        tuple(options),
        asked_if,
        lines=lines,
        max_length=200 if lines == 1 else 2000,
        maximum=99 if kind is Kind.NUMBER else 0,
        low=ends[0] if ends else Text(),
        high=ends[1] if ends else Text(),
        places="kommuner" if kind is Kind.PLACE else "",
        sensitive=chance.random() < 0.1,
    )


def _rows(questions: Sequence[Question], seed: int, languages: Sequence[str]) -> list[Question]:
    """Turn questions into the rows of a table: single choices that share their options."""
    chance = Random(seed)
    count, letters = chance.choice([2, 3, 3, 4, 6]), chance.choice([1, 4, 4, 12, 25])
    shared = [replace(o, other=False) for o in _for_paper_options(seed, Kind.SINGLE, count, letters, languages)]
    # Only what is asked of everyone can be a row, and nothing may hang on an option that is gone.
    asked_if = [q.asked_if if chance.random() < 0.1 else None for q in questions]
    own = {q.id for q in questions}
    return [
        Question(
            q.id,
            Kind.SINGLE,
            q.wording,
            q.hint if chance.random() < 0.3 else Text(),
            tuple(shared),
            condition if own.isdisjoint(questions_in(condition)) else None,
            max_length=200,
            sensitive=q.sensitive and chance.random() < 0.5,
        )
        for q, condition in zip(questions, asked_if, strict=True)
    ]


@st.composite
def for_paper(draw: st.DrawFn, most_questions: int = 60) -> Instrument:
    """Instruments that try what paper can hold. Drawn are sizes; the texts follow from seeds, which is fast."""
    languages = draw(st.sampled_from([("sv",), ("sv", "en"), ("en",), ("sv", "sv-x-lattlast")]))
    hard = draw(st.integers(0, 3)) == 0
    earlier: list[Question] = []
    sections: list[Section] = []
    while not sections or (len(earlier) < most_questions and draw(st.integers(0, 3))):
        own = []
        for _ in range(draw(st.integers(1, min(8, most_questions - len(earlier))))):
            own.append(draw(_for_paper_question(len(earlier) + 1, languages, earlier, hard)))
            earlier.append(own[-1])
        seed = draw(st.integers(0, 999))
        title, intro = draw(st.sampled_from([0, 12, 25, 90])), draw(st.sampled_from([0, 0, 60, 400]))
        table = draw(st.integers(0, 3)) == 0
        if table:
            own = _rows(own, seed, languages)
            earlier[-len(own) :] = own
        words = _prose(seed, title, languages), tuple(own), _prose(seed, intro, languages)
        sections.append(Section(f"s{len(sections) + 1}", *words, table))
    seed = draw(st.integers(0, 999))
    intro, support = draw(st.sampled_from([1, 200, 900])), draw(st.sampled_from([0, 100, 400]))
    return Instrument(
        "prov",
        languages,
        _prose(seed, draw(st.sampled_from(LENGTHS)), languages, " {region}"),
        _prose(seed + 1, intro, languages),
        _prose(seed + 2, draw(st.sampled_from(LENGTHS)), languages),
        _prose(seed + 3, support, languages, " {support}"),
        tuple(sections),
        (("support", True), ("region", True)),
    )


def parameters() -> st.SearchStrategy[dict[str, str]]:
    """What surveys give: some lack most of it, some have names as long as those of authorities."""

    def made(seed: int, lines: int, letters: int, dated: bool) -> dict[str, str]:
        found = {"region": prose(seed, letters), "support": prose(seed + 1, letters)}
        if lines:
            found["return_address"] = "\n".join(prose(seed + n, letters) for n in range(lines))
        dates = {"deadline": "30\N{NO-BREAK SPACE}september\N{NO-BREAK SPACE}2026"}
        return found | dict.fromkeys(("deadline", "freezing", "purging"), dates["deadline"]) if dated else found

    return st.builds(
        made, st.integers(0, 999), st.sampled_from([0, 1, 3, 3, 6]), st.sampled_from([4, 12, 25, 60]), st.booleans()
    )


@st.composite
def on_screen(draw: st.DrawFn, instrument: Instrument) -> dict[str, Given]:
    """A submission that has no fault; questions that routing passes over may be answered."""
    submission = {}
    for question in instrument.questions:
        if not draw(st.booleans()):
            continue
        ids = [o.id for o in question.options]
        most = len(ids) if question.kind is Kind.MULTIPLE else min(1, len(ids))
        chosen = draw(st.lists(st.sampled_from(ids), max_size=most, unique=True)) if ids else []
        exclusive = [o for o in chosen if question.option(o).exclusive]
        chosen = exclusive[:1] or chosen
        own: dict[str | None, str | None] = {o: draw(sentences(3)) for o in chosen if question.option(o).other}
        if question.kind is Kind.TEXT:
            own[None] = draw(sentences(20))[: question.max_length].strip()
        elif question.kind is Kind.NUMBER:
            own[None] = str(draw(st.integers(question.minimum, question.maximum)))
        elif question.kind is Kind.PLACE and not chosen:
            own[None] = draw(st.sampled_from(sorted(places.codes()[question.places])))
        submission[question.id] = Given({o: Mark.CROSSED for o in ids if o in chosen}, own)
    return submission


@st.composite
def on_paper(draw: st.DrawFn, instrument: Instrument) -> dict[str, Given]:
    """Whatever a pen and a scanner leave behind."""
    states = st.sampled_from([Mark.EMPTY, Mark.EMPTY, Mark.CROSSED, Mark.FILLED, Mark.UNCERTAIN])
    found = {}
    for question in instrument.questions:
        ids: list[str | None] = [o.id for o in question.options]
        marks = {o: draw(states) for o in ids if o is not None}
        fields: list[str | None] = [o.id for o in question.options if o.other]
        if question.kind in (Kind.TEXT, Kind.NUMBER, Kind.PLACE):
            fields.append(None)
        written = {f: draw(st.one_of(st.none(), sentences(4))) for f in fields if draw(st.booleans())}
        stray = draw(st.frozensets(st.sampled_from([None, *ids]), max_size=2)) if draw(st.booleans()) else frozenset()
        returned, differs = draw(st.integers(0, 9)) > 0, draw(st.integers(0, 9)) == 0
        found[question.id] = Given(marks, written, stray, returned, differs)
    return found


def toml_of(instrument: Instrument) -> str:
    """Write an instrument as a definition. JSON strings are TOML strings."""
    lines = [f"id = {_said(instrument.id)}", f"languages = {_said(list(instrument.languages))}"]
    for key in ("title", "intro", "thanks", "support"):
        lines += _text_line(key, getattr(instrument, key))
    lines += ["[parameters]", *(f"{name} = {_said(required)}" for name, required in instrument.parameters)]
    for section in instrument.sections:
        lines += ["[[section]]", f"id = {_said(section.id)}"]
        lines += [*_text_line("title", section.title), *_text_line("intro", section.intro)]
        lines += ["table = true"] if section.table else []
        for question in section.questions:
            lines += ["[[section.question]]", *_question_lines(question)]
    return "\n".join(lines) + "\n"


def _question_lines(question: Question) -> list[str]:
    lines = [f"id = {_said(question.id)}", f"kind = {_said(question.kind.value)}"]
    lines += _text_line("text", question.wording.default)
    lines += [*_text_line("hint", question.hint), *_text_line("low", question.low), *_text_line("high", question.high)]
    variants = [f"{{ if = {_condition(c)}, text = {_table(t)} }}" for c, t in question.wording.variants]
    if variants:
        lines.append(f"variants = [{', '.join(variants)}]")
    if question.asked_if is not None:
        lines.append(f"asked_if = {_condition(question.asked_if)}")
    own = [o for o in question.options if not (question.kind is Kind.SCALE and o.id.isdigit())]
    if own:
        lines.append(f"options = [{', '.join(_option(o) for o in own)}]")
    if question.kind is Kind.SCALE:
        lines.append(f"points = {len(question.options) - len(own)}")
    if question.kind is Kind.TEXT:
        lines += [f"lines = {question.lines}", f"max_length = {question.max_length}"]
    if question.kind is Kind.NUMBER:
        lines += [f"minimum = {question.minimum}", f"maximum = {question.maximum}"]
    if question.places:
        lines.append(f"places = {_said(question.places)}")
    if question.sensitive:
        lines.append("sensitive = true")
    if question.source is not None:
        pairs = {"text": question.source.text, "compares_with": question.source.compares_with}
        how = question.source.comparison
        given = {k: v for k, v in (pairs | {"comparison": None if how is None else how.value}).items() if v is not None}
        lines.append(f"source = {{ {', '.join(f'{k} = {_said(v)}' for k, v in given.items())} }}")
    return lines


def _said(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _table(text: Text) -> str:
    return "{ " + ", ".join(f"{_said(tag)} = {_said(words)}" for tag, words in text.translations) + " }"


def _text_line(key: str, text: Text) -> list[str]:
    return [f"{key} = {_table(text)}"] if text else []


def _option(option: Option) -> str:
    flags: Mapping[str, bool] = {"exclusive": option.exclusive, "other": option.other, "way_out": option.way_out}
    marks = "".join(f", {name} = true" for name, value in flags.items() if value)
    return f"{{ id = {_said(option.id)}, label = {_table(option.label)}{marks} }}"


def _condition(condition: Condition) -> str:
    match condition:
        case Is(question, options):
            return f"{{ question = {_said(question)}, is = {_said(list(options))} }}"
        case Both(of):
            return f"{{ all = [{', '.join(map(_condition, of))}] }}"
        case Either(of):
            return f"{{ any = [{', '.join(map(_condition, of))}] }}"
        case Not(part):
            return f"{{ not = {_condition(part)} }}"
