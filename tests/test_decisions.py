"""Paper on its way into the dataset: sheets, doubles, copies, missing pages, refused pages, decisions."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from dataset_helpers import Desk, a_run, a_survey, an_instance, reading, take, take_sheet

from forms.answers import Mark, Reason, Status
from forms.layout import Layout
from omr.readings import Refusal, RefusalCode
from webapp.dataset.decisions import AlreadyDecided
from webapp.dataset.errors import DatasetError
from webapp.dataset.intake import PRACTICE_SHEET, Place, Taken
from webapp.dataset.pages import Action, Choice
from webapp.dataset.refused import Assignment

CHOOSE_YES = Choice(Action.CHOOSE, options=("ja",))


def test_a_sheet_counts_when_its_last_page_has_come(desk: Desk) -> None:
    one = desk.serials[0]
    assert desk.take(2, one) is Taken.READ
    assert desk.number() == 0
    (waits,) = desk.instance.intake.incomplete(desk.survey)
    assert (waits.serial, waits.missing, waits.pages) == (one, (1,), 2)
    desk.take(1, one, {"fick": ["ja"], "vilka": ["vard", "kommun"]})
    assert desk.number() == 1
    assert desk.instance.intake.incomplete(desk.survey) == ()
    assert desk.answer("vilka") == (Status.ANSWERED, ("vard", "kommun"), "")
    desk.whole()


REVIEWS = [
    ({"fick": ["ja", "nej"]}, {}, (), "fick", None, Reason.SEVERAL),
    ({"fick": {"ja": Mark.FILLED}}, {}, (), "fick", None, Reason.ONLY_WITHDRAWN),
    ({"fick": {"ja": Mark.UNCERTAIN}}, {}, (), "fick", None, Reason.UNCLEAR),
    ({"fick": ["ja"]}, {}, (("fick", "ja"),), "fick", None, Reason.OUTSIDE),
    ({}, {}, (("fick", None),), "fick", None, Reason.OUTSIDE),
    ({"vilka": {"vard": Mark.UNCERTAIN}}, {}, (), "vilka", "vard", Reason.UNCLEAR),
    ({"vilka": ["vard"]}, {}, (("vilka", "kommun"),), "vilka", "kommun", Reason.OUTSIDE),
    ({"vilka": ["vard", "ingen"]}, {}, (), "vilka", None, Reason.SEVERAL),
    ({"fick": ["annat"]}, {("fick", "annat"): "gammal"}, (), "fick", "annat", Reason.TRANSCRIBE),
]


@pytest.mark.parametrize(("marks", "texts", "stray", "question", "option", "reason"), REVIEWS)
def test_each_reason_waits_with_its_page_and_reading(  # noqa: PLR0917 (the columns of the table)
    desk: Desk, marks: object, texts: object, stray: object, question: str, option: str | None, reason: Reason
) -> None:
    desk.take(1, desk.serials[0], marks, texts, stray=stray)
    desk.take(2, desk.serials[0])
    (item,) = desk.waiting()
    assert (item.question, item.option, item.reason, item.page) == (question, option, reason, 1)
    assert item.reading is not None
    stored = desk.instance.materialiser.reading(item.reading)
    assert (stored.serial, stored.page) == (desk.serials[0], 1)
    assert desk.instance.pictures.load(desk.survey, item.image)
    assert desk.instance.decisions.item(desk.survey, item.id).suggestions == (("gammal",) if texts else ())
    desk.whole()


def test_a_decision_becomes_the_answer_and_the_reading_stays(desk: Desk) -> None:
    one = desk.serials[0]
    desk.take(1, one, {"fick": ["ja", "nej"]})
    desk.take(2, one)
    assert desk.answer("fick")[0] is Status.UNCLEAR
    (item,) = desk.waiting()
    before = desk.instance.materialiser.reading(item.reading or 0)
    desk.decide(item, CHOOSE_YES)
    assert desk.waiting() == ()
    assert desk.answer("fick") == (Status.ANSWERED, ("ja",), "")
    assert desk.instance.materialiser.reading(item.reading or 0) == before
    (made,) = desk.instance.decisions.made(desk.survey)
    assert (made.by, made.choice, made.reading, made.item) == ("Ada", CHOOSE_YES, item.reading, item.id)
    desk.whole()


@pytest.mark.parametrize(
    ("choice", "status", "options"),
    [
        (Choice(Action.CHOOSE, options=("nej",)), Status.ANSWERED, ("nej",)),
        (Choice(Action.BLANK), Status.BLANK, ()),
        (Choice(Action.UNCLEAR), Status.UNCLEAR, ()),
    ],
)
def test_what_can_be_decided_about_a_question(
    desk: Desk, choice: Choice, status: Status, options: tuple[str, ...]
) -> None:
    desk.take(1, desk.serials[0], {"fick": {"ja": Mark.UNCERTAIN, "nej": Mark.UNCERTAIN}, "vilka": ["vard"]})
    desk.take(2, desk.serials[0])
    desk.decide(desk.waiting()[0], choice)
    assert desk.waiting() == ()
    assert desk.answer("fick")[:2] == (status, options)
    desk.whole()


def test_a_sheet_with_nothing_on_it_is_no_response_until_something_is(desk: Desk) -> None:
    one = desk.serials[0]
    desk.take(1, one, {"fick": {"ja": Mark.UNCERTAIN}})
    desk.take(2, one)
    (item,) = desk.waiting()
    assert desk.number() == 1
    desk.decide(item, Choice(Action.BLANK))
    assert desk.number() == 0
    assert desk.instance.intake.empty(desk.survey) == {one}
    desk.instance.decisions.undo(desk.survey, item.id, by="Bo")
    assert desk.number() == 1
    assert not desk.instance.intake.empty(desk.survey)
    desk.whole()


@pytest.mark.parametrize(
    ("action", "options"),
    [(Action.CHOOSE, ("vard", "kommun")), (Action.BLANK, ("kommun",)), (Action.UNCLEAR, ("kommun",))],
)
def test_one_option_of_a_multiple_choice_is_decided_alone(desk: Desk, action: Action, options: tuple[str, ...]) -> None:
    desk.take(1, desk.serials[0], {"vilka": {"vard": Mark.UNCERTAIN, "kommun": Mark.CROSSED}})
    desk.take(2, desk.serials[0])
    assert desk.answer("vilka") == (Status.ANSWERED, ("kommun",), "")
    desk.decide(desk.waiting()[0], Choice(action))
    assert desk.answer("vilka")[:2] == (Status.ANSWERED, options)
    assert desk.waiting() == ()
    desk.whole()


def test_texts_are_written_out_places_become_codes_and_numbers_are_checked(desk: Desk) -> None:
    one = desk.serials[0]
    desk.take(1, one)
    desk.take(2, one, {}, {("antal", None): None, ("ort", None): "Mölndal", ("ord", None): None})
    by_question = {i.question: i for i in desk.waiting()}
    assert [i.question for i in desk.waiting()] == ["antal", "ort", "ord"]
    assert desk.answer("ort")[0] is Status.UNCLEAR
    with pytest.raises(DatasetError, match="not a number from 0 to 99"):
        desk.decide(by_question["antal"], Choice(Action.TEXT, text="hundra"))
    desk.decide(by_question["antal"], Choice(Action.TEXT, text=" 7 "))
    desk.decide(by_question["ort"], Choice(Action.TEXT, text="mölndal"))
    desk.decide(by_question["ord"], Choice(Action.TEXT, text="Det gick bra."))
    assert desk.answer("antal") == (Status.ANSWERED, (), "7")
    assert desk.answer("ort") == (Status.ANSWERED, (), "1481")
    assert desk.answer("ord") == (Status.ANSWERED, (), "Det gick bra.")
    counts = desk.instance.responses.counts(desk.survey)
    assert counts["paper", "ort", "place:1481"] == counts["paper", "antal", "number:7"] == 1
    desk.whole()


def test_a_place_that_is_on_no_list_stays_as_written(desk: Desk) -> None:
    desk.take(1, desk.serials[0])
    desk.take(2, desk.serials[0], {}, {("ort", None): None})
    desk.decide(desk.waiting()[0], Choice(Action.TEXT, text="Atlantis"))
    assert desk.answer("ort") == (Status.ANSWERED, (), "Atlantis")
    assert ("paper", "ort", "text:") in desk.instance.responses.counts(desk.survey)
    desk.whole()


@pytest.mark.parametrize(
    "choice",
    [
        Choice(Action.CHOOSE),
        Choice(Action.CHOOSE, options=("kanske",)),
        Choice(Action.CHOOSE, options=("ja", "nej")),
        Choice(Action.TEXT, text="ja"),
        Choice(Action.PAIR),
        Choice(Action.UNDO),
    ],
)
def test_what_can_not_be_decided_changes_nothing(desk: Desk, choice: Choice) -> None:
    desk.take(1, desk.serials[0], {"fick": ["ja", "nej"]})
    desk.take(2, desk.serials[0])
    (item,) = desk.waiting()
    head = desk.instance.log.head()
    with pytest.raises(DatasetError) as error:
        desk.decide(item, choice)
    assert error.value.code == "bad-choice"
    assert desk.waiting() == (item,)
    assert desk.instance.log.head() == head


def test_the_second_of_two_is_told_what_the_first_decided(desk: Desk) -> None:
    desk.take(1, desk.serials[0], {"fick": ["ja", "nej"]})
    (item,) = desk.waiting()
    desk.decide(item, CHOOSE_YES, by="Ada")
    with pytest.raises(AlreadyDecided) as error:
        desk.decide(item, Choice(Action.BLANK), by="Bo")
    assert (error.value.decision.by, error.value.decision.choice) == ("Ada", CHOOSE_YES)
    with pytest.raises(AlreadyDecided):
        desk.instance.decisions.item(desk.survey, item.id)


def test_of_many_at_the_same_moment_exactly_one_decides(desk: Desk) -> None:
    desk.take(1, desk.serials[0], {"fick": ["ja", "nej"]})
    (item,) = desk.waiting()
    desk.instance.begin_serving()

    def one(n: int) -> str:
        try:
            desk.decide(item, Choice(Action.CHOOSE, options=(("ja", "nej")[n % 2],)), by=f"Person {n}")
        except AlreadyDecided as error:
            return error.decision.by
        return "first"

    with ThreadPoolExecutor(6) as pool:
        told = list(pool.map(one, range(6)))
    assert told.count("first") == 1
    (made,) = desk.instance.decisions.made(desk.survey)
    assert {t for t in told if t != "first"} == {made.by}
    desk.whole()


def test_undo_is_a_decision_of_its_own_and_it_waits_again(desk: Desk) -> None:
    desk.take(1, desk.serials[0], {"fick": ["ja", "nej"]})
    desk.take(2, desk.serials[0])
    (item,) = desk.waiting()
    desk.decide(item, CHOOSE_YES)
    desk.instance.decisions.undo(desk.survey, item.id, by="Bo")
    assert desk.waiting() == (item,)
    assert desk.answer("fick")[0] is Status.UNCLEAR
    assert desk.instance.decisions.made(desk.survey) == ()
    with pytest.raises(DatasetError, match="Nothing is decided"):
        desk.instance.decisions.undo(desk.survey, item.id, by="Bo")
    desk.decide(item, Choice(Action.CHOOSE, options=("nej",)))
    assert desk.answer("fick")[1] == ("nej",)
    assert [e.kind for e in desk.instance.log.entries()].count("decision") == 3
    desk.whole()


@pytest.mark.parametrize("item", ["", "x", "A.1.marks.fick", "A.x.marks.fick.", "A.1.words.fick.", "A.1.marks.fick."])
def test_what_names_nothing_is_said(desk: Desk, item: str) -> None:
    with pytest.raises(DatasetError) as error:
        desk.instance.decisions.decide(desk.survey, item, CHOOSE_YES, by="Ada")
    assert error.value.code == "unknown-item"


def test_routing_follows_decisions(desk: Desk) -> None:
    desk.take(1, desk.serials[0], {"fick": ["ja", "nej"], "bra": ["4"]})
    desk.take(2, desk.serials[0])
    counts = desk.instance.responses.counts
    assert counts(desk.survey)["paper", "bra", "asked"] == 1  # can't be known
    (item,) = desk.waiting()
    desk.decide(item, Choice(Action.CHOOSE, options=("nej",)))
    after = counts(desk.survey)
    assert after["paper", "bra", "passed over"] == after["paper", "bra", "answered although passed over"] == 1
    assert after["paper", "bra", "option:4"] == 1
    assert ("paper", "bra", "asked") not in after
    desk.whole()


def test_reading_a_pile_again_changes_nothing_and_touches_no_decision(desk: Desk) -> None:
    one = desk.serials[0]
    desk.take(1, one, {"fick": ["ja", "nej"]}, picture=b"page one")
    desk.take(2, one, picture=b"page two")
    desk.decide(desk.waiting()[0], CHOOSE_YES)
    files = sorted(p.name for p in desk.instance.path.rglob("pictures/*/*"))
    counts = desk.instance.responses.counts(desk.survey)
    assert desk.take(1, one, {"fick": ["ja", "nej"]}, picture=b"page one") is Taken.DOUBLE
    assert desk.take(2, one, picture=b"page two") is Taken.DOUBLE
    assert desk.waiting() == ()
    assert desk.instance.responses.counts(desk.survey) == counts
    assert sorted(p.name for p in desk.instance.path.rglob("pictures/*/*")) == files
    desk.whole()


@pytest.mark.usefixtures("one_paper")
def test_the_same_paper_scanned_again_counts_once_and_keeps_decisions(desk: Desk) -> None:
    one = desk.serials[0]
    desk.take(1, one, {"fick": {"ja": Mark.UNCERTAIN}, "vilka": ["vard"], "bra": ["3"]})
    desk.take(2, one)
    desk.decide(desk.waiting()[0], CHOOSE_YES)
    assert desk.take(1, one, {"fick": {"ja": Mark.UNCERTAIN}, "vilka": ["vard"], "bra": ["3"]}) is Taken.DOUBLE
    assert desk.take(1, one, {"fick": {"ja": Mark.CROSSED}, "vilka": ["vard"], "bra": ["3"]}) is Taken.DOUBLE
    assert desk.number() == 1
    assert desk.waiting() == ()
    assert desk.answer("fick")[1] == ("ja",)
    desk.whole()


@pytest.mark.usefixtures("one_paper")
def test_two_images_of_a_page_that_disagree_wait(desk: Desk) -> None:
    one = desk.serials[0]
    desk.take(1, one, {"fick": ["ja"], "vilka": ["vard", "kommun"], "bra": ["3"]})
    desk.take(2, one)
    assert (
        desk.take(1, one, {"fick": {"ja": Mark.UNCERTAIN}, "vilka": ["vard", "kommun"], "bra": ["3"]}) is Taken.DOUBLE
    )
    (item,) = desk.waiting()
    assert (item.question, item.reason) == ("fick", Reason.TWO_IMAGES)
    assert desk.answer("fick")[0] is Status.UNCLEAR
    desk.decide(item, CHOOSE_YES)
    assert desk.answer("fick") == (Status.ANSWERED, ("ja",), "")
    assert desk.number() == 1
    desk.whole()


def test_ink_that_can_not_be_compared_is_not_taken_for_the_same(desk: Desk) -> None:
    one = desk.serials[0]
    desk.take(1, one, {"fick": ["ja"]})
    desk.take(2, one)
    assert desk.take(1, one, {"fick": ["ja"]}) is Taken.COPIED
    (item,) = desk.waiting()
    assert item.reason is Reason.COPIED_SHEET
    desk.decide(item, desk.instance.decisions.same_sheet(desk.survey, one))
    assert desk.number() == 1
    desk.whole()


@pytest.mark.parametrize("word", ["nej", "ja"])
def test_two_people_who_circle_words_on_copies_of_one_sheet_wait_to_be_parted(desk: Desk, word: str) -> None:
    one = desk.serials[0]
    desk.take(1, one, stray=(("fick", "ja"),))
    desk.take(2, one)
    assert desk.take(1, one, stray=(("fick", word),)) is Taken.COPIED
    (item,) = desk.waiting()
    assert item.reason is Reason.COPIED_SHEET
    desk.decide(item, desk.instance.decisions.separate_sheets(desk.survey, one))
    assert [(i.copy, i.question, i.reason) for i in desk.waiting()] == [(n, "fick", Reason.OUTSIDE) for n in (1, 2)]
    desk.whole()


def copied(desk: Desk) -> str:
    """Two people filled in copies of one sheet."""
    one = desk.serials[0]
    take_sheet(desk.instance, desk.survey, desk.layout, one, "ja")
    assert desk.number() == 1
    assert desk.take(1, one, {"fick": ["nej"]}) is Taken.COPIED
    desk.take(2, one, {}, {("ord", None): None})
    return one


def test_a_copied_sheet_waits_for_a_person_and_nothing_is_dropped(desk: Desk) -> None:
    one = copied(desk)
    assert desk.number() == 0
    (item,) = desk.waiting()
    assert (item.reason, item.serial, item.copy, item.question) == (Reason.COPIED_SHEET, one, 0, "")
    pages = desk.instance.decisions.copied_pages(desk.survey, one)
    assert [(p.page, p.copy) for p in pages] == [(1, 1), (2, 1), (1, 2), (2, 2)]
    desk.whole()
    desk.decide(item, desk.instance.decisions.separate_sheets(desk.survey, one))
    assert desk.number() == 2
    assert sorted(desk.answer("fick", n)[1] for n in (0, 1)) == [("ja",), ("nej",)]
    assert [(i.reason, i.copy) for i in desk.waiting()] == [(Reason.TRANSCRIBE, 2)]
    desk.whole()


def test_pages_of_a_copied_sheet_can_be_paired_the_other_way(desk: Desk) -> None:
    one = copied(desk)
    first, second, third, fourth = desk.instance.decisions.copied_pages(desk.survey, one)
    pairs = ((first.image, 1), (fourth.image, 1), (third.image, 2), (second.image, 2))
    desk.decide(desk.waiting()[0], Choice(Action.PAIR, pairs=pairs))
    assert desk.number() == 2
    (item,) = desk.waiting()
    assert (item.copy, item.image) == (1, fourth.image)
    desk.whole()


def test_a_page_of_a_copied_sheet_can_be_set_aside(desk: Desk) -> None:
    one = copied(desk)
    pages = desk.instance.decisions.copied_pages(desk.survey, one)
    pairs = tuple((p.image, 1 if p.copy == 1 else 0) for p in pages)
    desk.decide(desk.waiting()[0], Choice(Action.PAIR, pairs=pairs))
    assert desk.number() == 1
    assert desk.waiting() == ()
    desk.whole()


def test_that_it_was_one_paper_after_all_leaves_the_difference_to_be_settled(desk: Desk) -> None:
    one = copied(desk)
    desk.decide(desk.waiting()[0], desk.instance.decisions.same_sheet(desk.survey, one))
    assert desk.number() == 1
    assert {(i.question, i.reason) for i in desk.waiting()} >= {("fick", Reason.TWO_IMAGES), ("ord", Reason.TWO_IMAGES)}
    desk.whole()


@pytest.mark.parametrize("choice", ["same_sheet", "separate_sheets"])
def test_a_pairing_taken_back_waits_again_as_it_did(desk: Desk, choice: str) -> None:
    one = copied(desk)
    (before,) = desk.waiting()
    pages = desk.instance.decisions.copied_pages(desk.survey, one)
    desk.decide(before, getattr(desk.instance.decisions, choice)(desk.survey, one))
    desk.instance.decisions.undo(desk.survey, before.id, by="Bo")
    assert desk.waiting() == (before,)
    assert desk.instance.decisions.copied_pages(desk.survey, one) == pages
    desk.whole()


def test_pairing_must_name_every_page(desk: Desk) -> None:
    copied(desk)
    (item,) = desk.waiting()
    for pairs in ((), (("nosuch", 1),)):
        with pytest.raises(DatasetError, match="Every page"):
            desk.decide(item, Choice(Action.PAIR, pairs=pairs))


@pytest.mark.parametrize("order", [(1, 2), (2, 1)])
def test_an_empty_page_of_a_copied_sheet_goes_to_the_paper_that_misses_it(desk: Desk, order: tuple[int, int]) -> None:
    one = desk.serials[0]
    take_sheet(desk.instance, desk.survey, desk.layout, one, "ja")
    for page in order:
        desk.take(page, one, {"fick": ["nej"]} if page == 1 else {})
    desk.decide(desk.waiting()[0], desk.instance.decisions.separate_sheets(desk.survey, one))
    assert desk.number() == 2
    assert desk.instance.intake.incomplete(desk.survey) == ()
    desk.whole()


def test_a_third_paper_with_the_same_number_is_paired_anew(desk: Desk) -> None:
    one = copied(desk)
    desk.decide(desk.waiting()[0], desk.instance.decisions.separate_sheets(desk.survey, one))
    assert desk.take(1, one, {"fick": ["annat"], "vilka": ["ingen"]}) is Taken.COPIED
    assert desk.number() == 0
    assert desk.waiting()[0].reason is Reason.COPIED_SHEET
    desk.whole()


def test_taking_the_same_image_of_a_job_again_changes_nothing(desk: Desk) -> None:
    place = Place("job", 1, "pile.pdf", 900)
    assert desk.take(1, desk.serials[0], {"fick": ["ja"]}, place=place) is Taken.READ
    head = desk.instance.log.head()
    assert desk.take(1, desk.serials[0], {"fick": ["ja"]}, place=place) is Taken.READ
    assert desk.instance.log.head() == head


def refuse(desk: Desk, code: RefusalCode, picture: bytes | None = None) -> None:
    assert take(desk.instance, desk.survey, Refusal(code), picture) is Taken.REFUSED


def test_refused_pages_are_kept_and_shown_until_somebody_dismisses_them(desk: Desk) -> None:
    refuse(desk, RefusalCode.NO_MARKERS, b"a page of something else")
    refuse(desk, RefusalCode.BLANK_PAGE)
    (page,) = desk.instance.intake.refused(desk.survey)
    assert (page.code, page.has_picture) == ("no-markers", True)
    assert page.message
    assert page.remedy
    assert desk.instance.pictures.load(desk.survey, page.id) == b"a page of something else"
    assert len(desk.instance.intake.refused(desk.survey, everything=True)) == 2
    desk.instance.refused.dismiss(desk.survey, page.id, by="Ada")
    assert desk.instance.intake.refused(desk.survey) == ()
    with pytest.raises(DatasetError) as error:
        desk.instance.refused.dismiss(desk.survey, page.id, by="Bo")
    assert error.value.code == "not-refused"
    assert desk.instance.pictures.load(desk.survey, page.id)


def test_the_picture_of_a_sign_up_sheet_is_not_kept(desk: Desk) -> None:
    refuse(desk, RefusalCode.SIGN_UP_SHEET, b"a name and a telephone number")
    (page,) = desk.instance.intake.refused(desk.survey, everything=True)
    assert not page.has_picture
    assert "contact keeper" in page.remedy
    assert list(desk.instance.path.rglob("pictures/*/*")) == []
    with pytest.raises(DatasetError) as error:
        desk.instance.pictures.load(desk.survey, page.id)
    assert error.value.code == "no-picture"


def test_a_page_that_was_refused_and_can_be_read_later_is_read(desk: Desk) -> None:
    refuse(desk, RefusalCode.OTHER_VERSION, b"the same picture")
    assert desk.take(1, desk.serials[0], {"fick": ["ja"]}, picture=b"the same picture") is Taken.READ
    assert desk.instance.intake.refused(desk.survey) == ()
    assert take(desk.instance, desk.survey, Refusal(RefusalCode.NO_MARKERS), b"the same picture") is Taken.DOUBLE


def test_a_refused_page_can_be_entered_from_its_picture(desk: Desk) -> None:
    one = desk.serials[0]
    desk.take(2, one)
    refuse(desk, RefusalCode.NO_PAGE_CODE, b"a torn page")
    (page,) = desk.instance.intake.refused(desk.survey)
    desk.instance.refused.assign(desk.survey, page.id, Assignment(desk.layout.id, 1, one), by="Ada")
    assert desk.number() == 1
    assert desk.instance.intake.refused(desk.survey) == ()
    items = {(i.question, i.option): i for i in desk.waiting()}
    assert set(items) == {("fick", None), ("bra", None), ("vilka", "vard"), ("vilka", "kommun"), ("vilka", "ingen")}
    assert {i.image for i in items.values()} == {page.id}
    desk.decide(items["fick", None], CHOOSE_YES)
    desk.decide(items["bra", None], Choice(Action.BLANK))
    desk.decide(items["vilka", "vard"], Choice(Action.CHOOSE))
    desk.decide(items["vilka", "kommun"], Choice(Action.BLANK))
    desk.decide(items["vilka", "ingen"], Choice(Action.BLANK))
    assert desk.waiting() == ()
    assert desk.answer("fick")[1] == ("ja",)
    assert desk.answer("vilka")[1] == ("vard",)
    desk.whole()


def test_a_page_without_a_number_becomes_a_sheet_of_its_own(desk: Desk) -> None:
    refuse(desk, RefusalCode.NO_PAGE_CODE)
    (page,) = desk.instance.intake.refused(desk.survey)
    serial = desk.instance.refused.assign(desk.survey, page.id, Assignment(desk.layout.id, 1), by="Ada")
    assert [(s.serial, s.missing) for s in desk.instance.intake.incomplete(desk.survey)] == [(serial, (2,))]


@pytest.mark.parametrize(
    ("page", "layout", "code"), [(3, None, "no-such-page"), (1, None, "page-taken"), (1, "ffffffff", "unknown-layout")]
)
def test_a_page_can_not_be_put_where_it_does_not_belong(desk: Desk, page: int, layout: str | None, code: str) -> None:
    one = desk.serials[0]
    desk.take(1, one)
    refuse(desk, RefusalCode.NO_PAGE_CODE)
    (refused,) = desk.instance.intake.refused(desk.survey)
    where = Assignment(layout or desk.layout.id, page, one)
    with pytest.raises(DatasetError) as error:
        desk.instance.refused.assign(desk.survey, refused.id, where, by="Ada")
    assert error.value.code == code
    assert desk.instance.intake.refused(desk.survey) == (refused,)


def test_a_sheet_printed_from_the_draft_does_not_count_in_the_open_survey(tmp_path: Path) -> None:
    with an_instance(tmp_path / "i") as instance:
        survey = a_survey(instance, opened=False)
        run, layout = a_run(instance, survey)
        assert run.kind.value == "P"
        practice = reading(layout, 1, run.serials[0], {"fick": ["ja"]}, kind="P")
        assert take(instance, survey, practice) is Taken.READ
        survey = instance.surveys.open("prov")
        assert take(instance, survey, practice) is Taken.REFUSED
        (page,) = instance.intake.refused(survey)
        assert page.code == PRACTICE_SHEET
        assert instance.verifier.verify() == ()


def test_a_downloaded_sheet_is_known_when_it_is_scanned(desk: Desk) -> None:
    desk.take(1, "D0WNL0", {"fick": ["ja"]}, kind="D")
    desk.take(2, "D0WNL0", kind="D")
    assert desk.number() == 1


def test_pictures_are_encrypted_and_bound_to_their_place(desk: Desk) -> None:
    desk.take(1, desk.serials[0], {}, picture=b"the picture of a page")
    desk.take(2, desk.serials[0], {}, picture=b"the picture of another")
    first, second = sorted(desk.instance.path.rglob("pictures/*/*"))
    assert b"picture of" not in first.read_bytes() + second.read_bytes()
    content = first.read_bytes()
    first.write_bytes(second.read_bytes())
    with pytest.raises(DatasetError) as error:
        desk.instance.pictures.load(desk.survey, first.name)
    assert error.value.code == "picture-damaged"
    first.write_bytes(content)
    for name in ("../keys/secret", "nosuchimage", ""):
        with pytest.raises(DatasetError) as error:
            desk.instance.pictures.load(desk.survey, name)
        assert error.value.code == "no-picture"


def test_the_order_of_what_waits_does_not_depend_on_the_order_of_scanning(tmp_path: Path) -> None:
    orders = []
    for backwards in (False, True):
        with an_instance(tmp_path / str(backwards)) as instance:
            survey = a_survey(instance)
            _, layout = a_run(instance, survey)
            pages: list[tuple[int, str]] = [(1, "AAAAAA"), (2, "AAAAAA"), (1, "BBBBBB"), (2, "BBBBBB")]
            for page, serial in reversed(pages) if backwards else pages:
                take(instance, survey, _doubtful(layout, page, serial))
            orders.append([i.id for i in instance.decisions.waiting(survey)])
    assert orders[0] == orders[1]
    assert len(orders[0]) == 4


def _doubtful(layout: Layout, page: int, serial: str) -> object:
    if page == 1:
        return reading(layout, 1, serial, {"fick": ["ja", "nej"]})
    return reading(layout, 2, serial, {}, {("ord", None): None})
