"""The proof: the published counts of 2018, answered again on phones and on paper, come out as they were published.

45 people answer with exactly the counts of the 13 items that the report published in full: 22 over HTTP, 23 on printed
sheets that a simulated pen fills in and a simulated scanner turns into one PDF. Two of those on paper answer question
5 although question 3 sent them past it, as at least two people did in 2018. A simulated auditor settles what waits.
"""

import csv
import http.cookiejar
import io
import json
import random
import re
import threading
import urllib.parse
import urllib.request
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import simulator
from click.testing import CliRunner
from simulator import Cross, Scanner, Style

from forms.definition import find, read_text
from forms.layout import Layout
from webapp.cli import main
from webapp.dataset.accounts import Role
from webapp.dataset.clock import system_clock
from webapp.dataset.instance import Instance
from webapp.dataset.surveys import Settings
from webapp.jobs import Jobs
from webapp.results.codebook import SEPARATOR
from webapp.server import listen

PUBLISHED = json.loads((Path(__file__).parent / "resources" / "sip2018.json").read_text())
ITEMS = {q["id"]: q["counts"] for q in PUBLISHED["questions"] if q["id"] in PUBLISHED["published_in_full"]}
WEB, PAPER = 22, 23
PARAMETERS = {
    "region": "Västra Götaland",
    "organisation": "Föreningen Exempel",
    "deadline": "2018-06-15",
    "contact": "Ring 000-00 00 00.",
    "support": "jourlinjen, 000-00 00 01",
    "return_address": "Föreningen Exempel\nExempelgatan 1\n000 00 Exempelstad",
}
PASSWORD = "tolv gröna cyklar"


def people() -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """Return the answers of the 22 on the web and the 23 on paper; their sums are the published counts."""
    rng = random.Random(2018)
    answers: list[dict[str, str]] = [{} for _ in range(WEB + PAPER)]
    for item, counts in ITEMS.items():
        values = [option for option, n in counts.items() for _ in range(n)]
        rng.shuffle(values)
        if item == "info_latt":
            told = [a for a in answers if a["info_fore"] == "ja"]
            past = [a for a in answers[WEB:] if a["info_fore"] == "nej"][: len(values) - len(told)]
            for answer, value in zip([*told, *past], values, strict=True):
                answer[item] = value
        else:
            for answer, value in zip(answers, values, strict=True):
                answer[item] = value
    return answers[:WEB], answers[WEB:]


def test_the_people_are_those_of_the_report() -> None:
    web, paper = people()
    assert (len(web), len(paper)) == (WEB, PAPER)
    for item, counts in ITEMS.items():
        assert Counter(a[item] for a in web + paper if item in a) == Counter(counts)
    although = [a for a in web + paper if a["info_fore"] == "nej" and "info_latt" in a]
    assert len(although) == 2
    assert all(a in paper for a in although)


@dataclass
class Browser:
    """A browser without JavaScript."""

    base: str
    cookies: http.cookiejar.CookieJar = field(default_factory=http.cookiejar.CookieJar)
    opener: urllib.request.OpenerDirector = field(init=False)

    def __post_init__(self) -> None:
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies))

    def get(self, path: str) -> tuple[str, str]:
        with self.opener.open(urllib.parse.urljoin(self.base, path), timeout=60) as answer:
            return answer.url, answer.read().decode()

    def post(self, path: str, fields: dict[str, str]) -> tuple[str, str]:
        body = urllib.parse.urlencode(fields).encode()
        headers = {"Origin": self.base.rstrip("/"), "Sec-Fetch-Site": "same-origin"}
        request = urllib.request.Request(urllib.parse.urljoin(self.base, path), body, headers)
        with self.opener.open(request, timeout=60) as answer:
            return answer.url, answer.read().decode()

    def sign_in(self, name: str) -> None:
        _, page = self.get("/sign-in")
        url, _ = self.post("/sign-in", hidden(page) | {"name": name, "password": PASSWORD})
        assert "/sign-in" not in url


def hidden(page: str) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page))


@dataclass
class Site:
    instance: Instance
    jobs: Jobs
    base: str


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with Instance.create(tmp_path_factory.mktemp("sip2018") / "instance", system_clock) as instance:
        source = find("sip-erfarenhet")
        values = {k: v for k, v in PARAMETERS.items() if k != "deadline"} | {"deadline": "den 15 juni"}
        instance.surveys.create(
            "sip-2018", read_text(source), source.name, parameters=values, settings=Settings(grace_days=0)
        )
        instance.surveys.open("sip-2018")
        instance.accounts.add("granskaren", (Role.AUDITOR, Role.COORDINATOR))
        instance.accounts.change_password("granskaren", PASSWORD)
        jobs = Jobs(instance)
        server = listen(instance, jobs, "127.0.0.1", 0)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        yield Site(instance, jobs, f"http://127.0.0.1:{server.effective_port}/")
        server.close()
        thread.join(20)


@dataclass
class Marked:
    """What the pen did on one sheet, and what was meant."""

    actions: list[Cross]
    meant: dict[str, str]


def with_a_pen(paper: list[dict[str, str]], layout: Layout) -> list[Marked]:
    """Cross or tick each answer; two people correct themselves by filling, one leaves two crosses."""
    boxes = {q: [f.option or "" for f in layout.fields if f.question == q and f.kind.value == "box"] for q in ITEMS}
    sheets = []
    for number, answers in enumerate(paper):
        style = Style.TICK if number % 3 == 1 else Style.CROSS
        actions = [Cross(question, option, style) for question, option in answers.items()]
        if number in (4, 9):
            actions.append(Cross("viktigt", other_than(answers["viktigt"], boxes["viktigt"]), Style.FILL))
        if number == 6:
            actions.append(Cross("tydligt_vem", other_than(answers["tydligt_vem"], boxes["tydligt_vem"])))
        sheets.append(Marked(actions, answers))
    return sheets


def other_than(option: str, options: list[str]) -> str:
    return next(o for o in options if o != option)


def answer_over_http(site: Site, answers: dict[str, str]) -> None:
    browser = Browser(site.base)
    _, page = browser.get("/s/sip-2018")
    fields = hidden(page) | {f"a.{question}": option for question, option in answers.items()}
    for _ in range(2):  # a second click on Send does not make a second answer
        url, _ = browser.post("/s/sip-2018", fields)
        assert "/thanks" in url
    assert (
        not list(browser.opener.handlers[-1].cookiejar) if hasattr(browser.opener.handlers[-1], "cookiejar") else True
    )


def deliver(site: Site, folder: Path, paper: list[dict[str, str]]) -> list[Marked]:
    """Print 23 sheets, fill them in, scan them into one PDF and read it; return what was meant, by sheet."""
    pdf, pile = folder / "sheets.pdf", folder / "pile.pdf"
    where = ["--instance", str(site.instance.path)]
    printed = CliRunner().invoke(main, ["print", "sip-2018", "--sheets", str(PAPER), "--out", str(pdf), *where])
    assert printed.exit_code == 0, printed.output
    survey = site.instance.surveys.get("sip-2018")
    run = site.instance.runs.get(survey, printed.stdout.strip())
    layout = site.instance.runs.layout(run.layout)
    sheets = with_a_pen(paper, layout)
    scanner = Scanner(dpi=200, skew_deg=0.8)
    simulator.pile(pile, pdf.read_bytes(), layout, [s.actions for s in sheets], seed=2018, scanner=scanner)
    scanned = CliRunner().invoke(main, ["scan", "sip-2018", str(pile), "--jobs", "1", *where])
    assert scanned.exit_code == 3, scanned.output
    summary = json.loads(scanned.stdout)
    assert (summary["read"], summary["refused"], summary["missing"]) == (PAPER * layout.pages, [], {})
    assert 1 <= summary["waiting"] <= 10
    by_serial = dict(zip(run.serials, sheets, strict=True))
    site.instance.path.joinpath("meant.json").write_text(json.dumps({s: m.meant for s, m in by_serial.items()}))
    return sheets


def audit(site: Site) -> int:
    """Settle all that waits, in the browser; look at each picture; return how many decisions it took."""
    meant = json.loads(site.instance.path.joinpath("meant.json").read_text())
    survey = site.instance.surveys.get("sip-2018")
    browser = Browser(site.base)
    browser.sign_in("granskaren")
    decided = 0
    for item in site.instance.decisions.waiting(survey):
        url, page = browser.get(f"/desk/sip-2018/review/{urllib.parse.quote(item.id)}")
        source = re.search(r'<img src="([^"]+)"', page)
        assert source
        with browser.opener.open(
            urllib.parse.urljoin(site.base, source[1].replace("&amp;", "&")), timeout=60
        ) as picture:
            assert picture.headers["Content-Type"] == "image/jpeg"
            assert len(picture.read()) > 2000
        answer = meant[item.serial].get(item.question, "")
        fields = hidden(page) | ({"choose": answer} if answer else {"action": "blank"})
        browser.post(url, fields)
        decided += 1
    assert site.instance.decisions.count(survey) == 0
    return decided


LINE = re.compile(r'<tr><th scope="row">([^<]+?)(?: <span[^>]*>.*?</span>)?</th>((?:<td class="figure">.*?</td>)+)')


def shown(page: str) -> dict[str, dict[str, list[int]]]:
    """Return what the results page says: label → counts for web, paper, together, by question id."""
    tables = {}
    for part in page.split('<section class="question-result" id="q-')[1:]:
        rows = {}
        for label, cells in LINE.findall(part):
            rows[label.strip().removesuffix(":")] = [int(n) for n in re.findall(r'class="figure">(\d+)', cells)]
        tables[part.split('"', 1)[0]] = rows
    return tables


def test_2018_again(site: Site, tmp_path: Path) -> None:
    web, paper = people()
    for answers in web:
        answer_over_http(site, answers)
    survey = site.instance.surveys.get("sip-2018")
    assert site.instance.tray.waiting(survey) == WEB
    site.instance.tray.advance()
    assert site.instance.tray.waiting(survey) == WEB - 10
    site.instance.tray.advance()
    assert site.instance.tray.waiting(survey) == WEB - 10
    deliver(site, tmp_path, paper)
    site.instance.close_survey("sip-2018")
    assert site.instance.tray.waiting(survey) == 0
    before = [e.hash for e in site.instance.log.entries()]
    decisions = audit(site)
    after = [e.hash for e in site.instance.log.entries()]
    assert after[: len(before)] == before
    assert len(after) == len(before) + decisions
    assert site.instance.verifier.verify() == ()
    check_results_page(site, web, paper)
    check_csv(site, tmp_path)


def check_results_page(site: Site, web: list[dict[str, str]], paper: list[dict[str, str]]) -> None:
    browser = Browser(site.base)
    browser.sign_in("granskaren")
    _, page = browser.get("/desk/sip-2018/results")
    tables = shown(page)
    instrument = site.instance.surveys.get("sip-2018").instrument
    for item, counts in ITEMS.items():
        rows = tables[item]
        for option in instrument.by_id[item].options:
            on_web, on_paper = (sum(a.get(item) == option.id for a in part) for part in (web, paper))
            expected = [on_web, on_paper, counts.get(option.id, 0)]
            assert rows[option.label.to("sv").removesuffix(":")] == expected, (item, option.id)
        given = [sum(item in a for a in part) for part in (web, paper)]
        assert rows["Alla lämnade svar"] == [*given, sum(counts.values())]
        assert rows["Alla svarande"] == [WEB, PAPER, 45]
    latt = {label: counts[-1] for label, counts in tables["info_latt"].items()}
    assert latt["Fick frågan"] == 35
    assert latt["Besvarade fast de inte skulle få frågan"] == 2
    assert latt["Alla lämnade svar"] == 37
    assert latt["Skulle inte få frågan"] == 10


def check_csv(site: Site, tmp_path: Path) -> None:
    out = tmp_path / "data"
    arguments = ["export", "sip-2018", "--format", "csv", "--out", str(out), "--instance", str(site.instance.path)]
    assert CliRunner().invoke(main, arguments).exit_code == 0
    text = (out / "sip-2018.csv").read_bytes()
    assert text.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(text.decode("utf-8-sig"))))
    assert Counter(row["channel"] for row in rows) == {"web": WEB, "paper": PAPER}
    for item, counts in ITEMS.items():
        assert Counter(row[item] for row in rows if row[item]) == Counter(counts), item
    although = [row for row in rows if row["info_fore"] == "nej" and row["info_latt"]]
    assert len(although) == 2
    assert len({row[f"info_latt{SEPARATOR}status"] for row in although}) == 1
    assert len([row for row in rows if row["info_latt"]]) == 37
