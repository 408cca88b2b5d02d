"""One paper scanned twice against two copies of it filled in alike: real pictures, real readings."""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
import simulator
import simulator_sheets
from dataset_helpers import a_survey, an_instance
from simulator import BALLPOINT, BLACK, FELT_TIP, PENCIL, Action, Cross, Hand, Page, Scanner, Write

from forms.answers import Reason
from forms.layout import Layout
from omr.images import BadImage, Picture, decode
from omr.reader import read_page
from omr.readings import PageReading
from webapp.dataset.answers import Channel
from webapp.dataset.ink import SAME, likeness, same_ink
from webapp.jobs import Delivery, Jobs, Summary
from webapp.printing import new_run, write_run


@lru_cache(maxsize=1)
def paper() -> tuple[list[Page], Layout]:
    pdf, layout = simulator_sheets.sheets()
    return simulator.printed(pdf, layout)[0], layout


SCANNERS = (
    Scanner(),
    Scanner(dpi=200, mode="colour", skew_deg=1.5, quarter_turns=2),
    Scanner(dpi=300, mode="bilevel", skew_deg=-0.8, x=1.5),
    Scanner(dpi=150, y=-1.0),
)


def scanned(page: Page, scanner: Scanner, rng: np.random.Generator) -> tuple[PageReading, bytes]:
    pixels = simulator.scan(page, scanner, rng)
    if scanner.mode == "bilevel":
        out = io.BytesIO()
        simulator._pillow(pixels).save(out, "PNG")
        picture = Picture(out.getvalue(), "image/png")
    else:
        picture = Picture(simulator.encode_jpeg(pixels, scanner), "image/jpeg")
    image = decode(picture)
    assert not isinstance(image, BadImage)
    outcome = read_page(image, {paper()[1].id: paper()[1]})
    assert isinstance(outcome, PageReading)
    return outcome, picture.data


def filled(actions: Sequence[Action], hand: Hand, rng: np.random.Generator, page: int = 0) -> Page:
    return simulator.fill_in(paper()[0][page], actions, hand, rng)


def crosses(rng: np.random.Generator) -> list[Action]:
    return [a for a in simulator_sheets.answers(rng) if isinstance(a, Cross)]


@pytest.mark.parametrize("pen", [BALLPOINT, BLACK, PENCIL, FELT_TIP])
def test_one_paper_in_two_scans_is_one_and_two_papers_are_two(pen: simulator.Pen) -> None:
    rng = np.random.default_rng(sum(map(ord, repr(pen))))
    actions, hand = crosses(rng), Hand(pen)
    first, second = filled(actions, hand, rng), filled(actions, hand, rng)
    a, b = rng.choice(len(SCANNERS), 2, replace=False)
    one = scanned(first, SCANNERS[a], rng)
    again = scanned(first, SCANNERS[b], rng)
    other = scanned(second, SCANNERS[b], rng)
    assert same_ink(*one, *again)
    assert not same_ink(*one, *other)


def test_words_are_compared_where_nothing_is_crossed() -> None:
    rng = np.random.default_rng(3)
    field = next(f for f in paper()[1].fields if f.kind.value == "text" and f.option is None)
    words = [Write(field.question, None, "vi hade ett möte")]
    first, second = (filled(words, Hand(), rng, field.page - 1) for _ in range(2))
    one, again, other = (
        scanned(first, SCANNERS[0], rng),
        scanned(first, SCANNERS[1], rng),
        scanned(second, SCANNERS[0], rng),
    )
    same, different = likeness(*one, *again), likeness(*one, *other)
    assert same is not None
    assert different is not None
    assert different < SAME <= same


def test_empty_pages_and_broken_pictures_say_nothing() -> None:
    rng = np.random.default_rng(1)
    one, other = (scanned(filled([], Hand(), rng), SCANNERS[0], rng) for _ in range(2))
    assert likeness(*one, *other) is None
    assert same_ink(*one, *other) is None
    assert likeness(one[0], b"", other[0], other[1]) is None


def test_copies_of_a_sheet_filled_in_alike_are_two_answers(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    with an_instance(tmp_path / "i") as instance:
        survey = a_survey(instance)
        run = new_run(instance, survey, 1)
        out = io.BytesIO()
        write_run(instance, survey, run, out)
        layout = instance.runs.layout(run.layout)
        blank = simulator.printed(out.getvalue(), layout)[0]
        actions = [Cross("fick", "ja"), Cross("bra", "4"), Cross("vilka", "vard")]
        work = Jobs(instance)

        def deliver(name: str, pages: list[Page], scanner: Scanner) -> Summary:
            path = tmp_path / name
            simulator.write_pdf(path, [simulator.scan(page, scanner, rng) for page in pages], scanner)
            return work.summary(work.run(work.enqueue(survey, [Delivery(name, path)]).id))

        first, second = ([simulator.fill_in(p, actions, Hand(), rng) for p in blank] for _ in range(2))
        deliver("first.pdf", first, SCANNERS[0])
        summary = deliver("first-again.pdf", first, SCANNERS[1])
        assert (summary.doubles, summary.waiting) == (layout.pages, 0)
        assert instance.responses.number(survey) == {Channel.PAPER: 1}
        deliver("second.pdf", second, SCANNERS[0])
        (item,) = instance.decisions.waiting(survey)
        assert item.reason is Reason.COPIED_SHEET
        separate = instance.decisions.separate_sheets(survey, run.serials[0])
        instance.decisions.decide(survey, item.id, separate, by="Ada")
        assert instance.responses.number(survey) == {Channel.PAPER: 2}
        assert instance.verifier.verify() == ()
