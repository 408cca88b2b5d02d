"""The printed instructions that follow from conditions."""

from builders import YES_PARTLY_NO, if_, instrument, option, question

from forms.model import Both, Either, Kind, Not
from forms.phrases import phrases
from forms.routing import END, routing, tell


def test_an_option_sends_past_what_it_rules_out() -> None:
    made = routing(
        instrument(
            question("fick"),
            question("latt", asked_if=if_("fick", "ja", "delvis")),
            question("fraga", asked_if=if_("fick", "ja", "delvis")),
            question("sedan"),
        )
    )
    assert made.jumps == {("fick", "nej"): "sedan", ("fick", "vet_inte"): "sedan"}
    assert made.reminders == {}


def test_nothing_after_it_means_the_end() -> None:
    made = routing(instrument(question("a"), question("b", asked_if=if_("a", "ja"))))
    assert made.jumps["a", "nej"] == END


def test_a_chain_of_conditions_is_followed() -> None:
    made = routing(
        instrument(
            question("a"), question("b", asked_if=if_("a", "ja")), question("c", asked_if=if_("b", "ja")), question("d")
        )
    )
    assert made.jumps["a", "nej"] == "d"
    assert made.jumps["b", "nej"] == "d"
    assert ("b", "ja") not in made.jumps


def test_a_question_further_on_says_itself_when_it_is_meant() -> None:
    asked_if = if_("a", "ja")
    made = routing(instrument(question("a"), question("b"), question("c", asked_if=asked_if)))
    assert made.jumps == {}
    assert made.reminders == {"c": asked_if}


def test_a_multiple_choice_sends_nobody_on_so_its_followers_say_it() -> None:
    asked_if = if_("a", "x")
    several = question("a", (option("x"), option("y")), Kind.MULTIPLE)
    made = routing(instrument(several, question("b", asked_if=asked_if)))
    assert made.jumps == {}
    assert made.reminders == {"b": asked_if}


def test_a_jump_that_lands_before_the_question_does_not_cover_it() -> None:
    made = routing(
        instrument(
            question("a"), question("b", asked_if=if_("a", "ja")), question("c"), question("d", asked_if=if_("a", "ja"))
        )
    )
    assert made.jumps["a", "nej"] == "c"
    assert set(made.reminders) == {"d"}


def test_conditions_are_told_in_words() -> None:
    made = instrument(question("a"), question("b", YES_PARTLY_NO))
    condition = Both((Either((if_("a", "ja", "delvis"), if_("b", "nej"))), Not(if_("b", "ja"))))
    assert tell(condition, made, "sv", phrases("sv").saying) == (
        "du svarade ”Ja” eller ”Delvis” på fråga 1 eller du svarade ”Nej” på fråga 2 "
        "och det inte stämmer att du svarade ”Ja” på fråga 2"
    )
    assert tell(if_("a", "ja"), made, "en", phrases("en-GB").saying) == "you answered “Ja” to question 1"
    assert phrases("fi") is phrases("sv")
