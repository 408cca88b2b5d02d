"""The sheet's own words: what every printed form says besides its instrument, in each language of the paper."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from forms.model import Instrument, fallbacks, fill, texts_of
from forms.routing import Saying


@dataclass(frozen=True, slots=True)
class Phrases:
    """Fixed words of a sheet in one language; names in braces are filled in."""

    page: str
    number: str
    number_is_for: str
    how_title: str
    how_cross: str
    how_wrong: str
    how_skip: str
    several: str
    scale: str
    jump: str
    jump_to_end: str
    only_if: str
    saying: Saying
    sensitive: str
    return_to: str
    fold: str
    answer_by: str
    withdraw: str
    destroyed: str
    no_names: str
    practice: str
    sign_up_foot: str
    support_stop: str
    support_talk: str
    support_call: str
    questions: str


_PHRASES: Mapping[str, Phrases] = {
    "sv": Phrases(
        page="Sida {page} av {pages}",
        number="Nummer {serial}",
        number_is_for="Numret håller ihop sidorna i din blankett. Det visar inte vem du är.",
        how_title="Så här fyller du i",
        how_cross="Sätt ett kryss i rutan. Bara ett kryss per fråga, om inget annat står.",
        how_wrong="Blev det fel? Fyll hela rutan. Kryssa sedan i rätt ruta.",
        how_skip="Du får hoppa över frågor. Du får sluta när du vill.",
        several="Du kan sätta flera kryss.",
        scale="1 betyder: {low}. {top} betyder: {high}.",
        jump="Gå till fråga {number}",
        jump_to_end="Gå till slutet",
        only_if="Svara bara om {condition}.",
        saying=Saying(
            "du svarade {options} på fråga {number}", "och", "eller", "det inte stämmer att {part}", "”{label}”"
        ),
        sensitive="Det som kommer nu kan väcka känslor. Du får hoppa över det, och du får sluta.",
        return_to="Skicka blanketten till",
        fold="Vik blanketten på mitten med adressen utåt. Adressen syns då i ett C5-kuvert med fönster till höger.",
        answer_by="Skicka den senast {deadline}.",
        withdraw="Vill du ta bort ditt svar? Spara numret {serial} och hör av dig senast {freezing}.",
        destroyed="Pappersblanketterna förstörs senast {purging}.",
        no_names="Skriv inte namn på personer.",
        practice="PROVBLANKETT – svaren räknas inte",
        sign_up_foot="Lägg bladet i ett eget kuvert, inte tillsammans med dina svar.",
        support_stop="Väcker frågorna något svårt? Ta en paus eller sluta.",
        support_talk="Du kan prata med {support}.",
        support_call="Vid fara för liv, ring 112. För råd om vård, ring 1177.",
        questions="Vill du fråga något? {contact}",
    ),
    "sv-x-lattlast": Phrases(
        page="Sida {page} av {pages}",
        number="Nummer {serial}",
        number_is_for="Numret håller ihop dina sidor. Det visar inte vem du är.",
        how_title="Så här gör du",
        how_cross="Sätt ett kryss i rutan. Ett kryss på varje fråga. Ibland får du sätta flera.",
        how_wrong="Blev det fel? Fyll hela rutan. Sätt sedan kryss i rätt ruta.",
        how_skip="Du får hoppa över frågor. Du får sluta mitt i.",
        several="Du får sätta flera kryss.",
        scale="1 är: {low}. {top} är: {high}.",
        jump="Gå till fråga {number}",
        jump_to_end="Gå till slutet",
        only_if="Svara bara om {condition}.",
        saying=Saying("du svarade {options} på fråga {number}", "och", "eller", "det är fel att {part}", "”{label}”"),
        sensitive="Det här kan kännas jobbigt. Du får hoppa över det. Du får sluta.",
        return_to="Skicka blanketten till",
        fold="Vik blanketten på mitten. Adressen ska vara utåt. Då syns den i kuvertets fönster.",
        answer_by="Skicka den senast {deadline}.",
        withdraw="Vill du ta bort ditt svar? Spara numret {serial}. Säg till senast {freezing}.",
        destroyed="Vi förstör alla papper senast {purging}.",
        no_names="Skriv inga namn på personer.",
        practice="PROVBLANKETT – svaren räknas inte",
        sign_up_foot="Lägg pappret i ett eget kuvert. Lägg inte dina svar där.",
        support_stop="Blev det jobbigt? Ta en paus. Du får sluta.",
        support_talk="Du kan prata med {support}.",
        support_call="Fara för livet? Ring 112. Råd om vård? Ring 1177.",
        questions="Har du frågor? {contact}",
    ),
    "en": Phrases(
        page="Page {page} of {pages}",
        number="Number {serial}",
        number_is_for="The number keeps the pages of your form together. It does not show who you are.",
        how_title="How to fill in the form",
        how_cross="Put a cross in the box. Only one cross a question, unless it says otherwise.",
        how_wrong="Went wrong? Fill the whole box. Then cross the right one.",
        how_skip="You may skip questions. You may stop at any time.",
        several="You can put several crosses.",
        scale="1 means: {low}. {top} means: {high}.",
        jump="Go to question {number}",
        jump_to_end="Go to the end",
        only_if="Answer only if {condition}.",
        saying=Saying(
            "you answered {options} to question {number}", "and", "or", "it is not so that {part}", "“{label}”"
        ),
        sensitive="What comes now may stir up feelings. You may skip it, and you may stop.",
        return_to="Send the form to",
        fold="Fold the form in the middle, address outside. It then shows in a C5 envelope with a window on the right.",
        answer_by="Send it no later than {deadline}.",
        withdraw="To have your answer removed, tell us the number {serial} by {freezing}.",
        destroyed="The paper forms are destroyed by {purging}.",
        no_names="Do not write people's names.",
        practice="PRACTICE FORM – the answers do not count",
        sign_up_foot="Put the sheet in an envelope of its own, not together with your answers.",
        support_stop="Do the questions stir up something hard? Take a break or stop.",
        support_talk="You can talk to {support}.",
        support_call="If a life is in danger, call 112. For advice about care, call 1177.",
        questions="Any questions? {contact}",
    ),
}


def phrases(language: str) -> Phrases:
    """Return the sheet's words in a language or the first of its fallbacks; Swedish where there is none."""
    for tag in fallbacks(language):
        if tag in _PHRASES:
            return _PHRASES[tag]
    return _PHRASES["sv"]


def speaks(language: str) -> bool:
    """Tell whether the sheet's own words exist in a language or one that it falls back on."""
    return any(tag in _PHRASES for tag in fallbacks(language))


def support_words(instrument: Instrument, parameters: Mapping[str, str], language: str) -> str:
    """Return whom to turn to if the questions stir something up, on paper and on screen.

    Args:
        instrument: Its own text is taken where it has one.
        parameters: The survey's; the standard text leaves `support` out where it has no value.
        language: Language of sheet or page.

    Returns:
        The text with the parameters filled in; never empty, since nobody may be left alone with what comes up.
    """
    if instrument.support:
        return fill(instrument.support.to(language), parameters)
    said = phrases(language)
    talk = [fill(said.support_talk, parameters)] if parameters.get("support") else []
    return " ".join((said.support_stop, *talk, said.support_call))


def contact_words(instrument: Instrument, parameters: Mapping[str, str], language: str) -> str:
    """Return whom to ask about the survey; empty where a text of the instrument says it, or where nobody is named."""
    told = any("{contact}" in words for text in texts_of(instrument) for _, words in text.translations)
    return "" if told or not parameters.get("contact") else fill(phrases(language).questions, parameters)
