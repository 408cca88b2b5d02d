"""The accuracy report in Markdown: a row a profile, one for all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from simulator_figures import reliability, review_curve
from simulator_tally import Tally, upper_bound

from omr.policy import POLICY
from omr.reader import READER

HEAD = (
    "profile",
    "pages",
    "marks",
    "not empty",
    "silent misreads",
    "at most",
    "uncertain",
    "doubtful",
    "doubtful, read otherwise",
    "refused",
    "no use, refused",
    "faults",
    "questions wrong",
    "unasked",
    "asked a person",
    "stray missed",
    "stray false",
    "texts wrong",
    "make ms",
    "read ms",
)
"""Columns of the table; `LEGEND` says what they mean."""

LEGEND = """\
- **not empty**: boxes that somebody crossed or filled. **doubtful**: marks that a careful person with the paper in hand
  would doubt too (a dot, a fill with gaps, ink from elsewhere), or who sees a 1-bit scan that has left next to nothing
  of a mark: labelled when they were made, counted apart, in no other column of marks.
- **silent misreads**: state wrong and not `uncertain`, `filled` for `crossed` included. **at most**: the upper bound of
  their rate at 95 %, 3/n where none was seen. What is simulated is called simulated: paper may behave otherwise.
- **refused**: of pages that a person would call usable. **no use, refused**: of all others, such as those from which a
  1-bit scan took a mark altogether; what was read of the rest counts like any. **faults**: what must never be: wrong
  page, serial or layout, a page without an outcome, a page of something else that was read, a box left out.
- **questions wrong**: an answer that would enter the dataset other than the person gave it. **unasked**: section 5 asks
  for a person, and none was asked. **asked a person**: of all questions without doubtful marks, those that wait.
- **stray missed / false**: ink at words or in a question's area that was not found, of all such ink; ink told of where
  there is none, in 100 pages. **texts wrong**: text fields told as written or bare against the truth.
- **make ms**, **read ms**: CPU time a page."""


@dataclass(slots=True)
class Row:
    """One profile's counts."""

    name: str
    tells: str
    tally: Tally = field(default_factory=Tally)
    shards: int = 0
    making_s: float = 0.0
    reading_s: float = 0.0

    def add(self, other: Row) -> None:
        """Take in another row."""
        self.tally.add(other.tally)
        self.shards += other.shards
        self.making_s += other.making_s
        self.reading_s += other.reading_s


def _percent(part: float, whole: float) -> str:
    return f"{100 * part / whole:.2f} %" if whole else "–"


def cells(row: Row) -> list[str]:
    """Return a row of the table."""
    t = row.tally
    pages, questions = t.pages["all"], t.questions
    drawn = sum(n for k, n in t.stray.items() if not k.startswith("nothing"))
    missed = sum(n for k, n in t.stray.items() if k.endswith("> missed"))
    judged = sum(questions.values()) - questions["in doubt"]
    texts = t.texts["written > none"] + t.texts["bare > ink"]
    no_use = pages - t.pages["to refuse"] - t.pages["usable"]
    return [
        row.name,
        str(pages),
        str(t.total),
        str(t.made),
        str(t.silent),
        f"{upper_bound(t.silent, t.marks.total()):.1e}",
        _percent(t.uncertain, t.marks.total()),
        _percent(t.doubtful.total(), t.total),
        _percent(t.silent_doubtful, t.doubtful.total()),
        _percent(t.pages["refused usable"], t.pages["usable"]),
        f"{no_use - (t.pages['read'] + t.pages['refused usable'] - t.pages['usable'])} of {no_use}",
        str(t.faults.total()),
        str(questions["wrong"]),
        str(questions["unasked"]),
        _percent(questions["asked a person"], judged),
        f"{missed} of {drawn}",
        f"{100 * t.stray['nothing > found'] / max(1, t.pages['read']):.1f}",
        f"{texts} of {t.texts.total()}",
        f"{1000 * row.making_s / max(1, pages):.0f}",
        f"{1000 * row.reading_s / max(1, pages):.0f}",
    ]


def _whole(rows: Sequence[Row]) -> Row:
    whole = Row("all", "all profiles")
    for row in rows:
        whole.add(row)
    return whole


def with_figures(text: str, rows: Sequence[Row], path: Path) -> str:
    """Draw the report's pictures beside it, and return it with them shown.

    Args:
        text: The report.
        rows: Its rows.
        path: Where it goes; a picture's name is that of the report with a word added.
    """
    tally = _whole(rows).tally
    marks = tally.marks.total()
    if not marks:
        return text
    figures = {
        "reliability": reliability(tally.chances),
        "review": review_curve(tally.chances, tally.uncertain / marks, tally.silent, marks),
    }
    shown = []
    for name, svg in figures.items():
        at = path.with_name(f"{path.stem}-{name}.svg")
        at.write_text(svg, encoding="utf-8")
        shown.append(f"![{name}]({at.name})")
    surest = upper_bound(0, marks)
    bound = f"{marks:,} marks support no claim of a smaller chance of error than 3/n = {surest:.1e}."
    return f"{text}\n## Probabilities\n\n{bound}\n\n{' '.join(shown)}\n"


def report(rows: Sequence[Row], command: str, fingerprint: str) -> str:
    """Return the report.

    Args:
        rows: The profiles.
        command: What makes it again.
        fingerprint: Of reader, farm and layouts.
    """
    whole = _whole(rows)
    table = [HEAD, tuple("---" if n == 0 else "---:" for n in range(len(HEAD))), *(cells(r) for r in [*rows, whole])]
    made = f"`{command}`; reader {READER}, policy {POLICY.name}; hash of reader, farm and layouts `{fingerprint}`."
    lines = ["# How surely simulated scans are read", "", made, ""]
    lines += ["| " + " | ".join(line) + " |" for line in table]
    lines += ["", LEGEND, "", "## Profiles", ""]
    lines += [f"- `{row.name}`: {row.tells}." for row in rows]
    lines += ["", "## Faults and refusals", ""]
    for row in rows:
        told = [f"{n} × {what}" for what, n in sorted((row.tally.faults + row.tally.refused).items())]
        if told:
            lines.append(f"- `{row.name}`: {', '.join(told)}.")
    strangers = whole.tally.pages["to refuse"]
    read = whole.tally.faults["read though to be refused"]
    lines += ["", f"Of {strangers} pages of another survey, an older version or nothing at all {read} were read.", ""]
    lines += ["## Silent misreads", ""]
    kinds: dict[tuple[str, str], int] = {}
    for row in rows:
        for m in row.tally.misread:
            what = f"{m['how'] or 'nothing'} ({m['true']}) read as {m['read']}, {m['nib']}, {m['hand']}"
            kinds[row.name, what] = kinds.get((row.name, what), 0) + 1
    lines += [f"- `{name}`: {n} × {what}." for (name, what), n in sorted(kinds.items(), key=lambda k: -k[1])[:60]]
    return "\n".join(lines) + "\n"
