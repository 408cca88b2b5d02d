"""Short ways to build instruments in tests."""

from forms.model import Condition, Instrument, Is, Kind, Option, Question, Section, Text, Wording


def text(sv: str, en: str | None = None) -> Text:
    return Text((("sv", sv), ("en", sv if en is None else en)))


def option(id_: str, label: str | None = None, **marks: bool) -> Option:
    return Option(id_, text(label or id_.capitalize()), **marks)


YES_PARTLY_NO = (option("ja"), option("delvis"), option("nej"), option("vet_inte", "Vet inte", way_out=True))


def question(
    id_: str, options: tuple[Option, ...] = YES_PARTLY_NO, kind: Kind = Kind.SINGLE, **more: object
) -> Question:
    wording = Wording(text(str(more.pop("wording", f"Vad säger du om {id_}?"))))
    return Question(id_, kind, wording, options=options, **more)  # type: ignore[arg-type]


def instrument(*questions: Question, **more: object) -> Instrument:
    values: dict[str, object] = {
        "title": text("En undersökning"),
        "intro": text("Vi undrar hur det går."),
        "thanks": text("Tack."),
        "support": text("Ring {support} om du vill prata."),
    }
    sections = (Section("del", text("Frågor"), questions),)
    return Instrument("prov", ("sv", "en"), sections=sections, **(values | more))  # type: ignore[arg-type]


def if_(question_id: str, *options: str) -> Condition:
    return Is(question_id, options)


PARAMETERS = {
    "region": "Västra Götaland",
    "support": "0771-22 00 60",
    "return_address": "Föreningen Exempel\nExempelgatan 1\n411 00 Göteborg",
    "deadline": "15 juni 2026",
    "freezing": "1 september 2026",
    "purging": "1 mars 2027",
}
