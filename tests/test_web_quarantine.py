"""Web answers in quarantine at the desk: what is wrong with each, in words; counted by verify; no time, no order."""

from __future__ import annotations

import json
import secrets
from pathlib import Path

from click.testing import CliRunner
from web_helpers import add_user, sign_in, web

from webapp.commands_results import verify
from webapp.dataset.accounts import Role
from webapp.dataset.instance import Instance
from webapp.dataset.sealing import seal


def put(instance: Instance, answers: object, **change: object) -> None:
    """Send an answer that no page of ours would send."""
    survey = instance.surveys.get("prov")
    plain = {"format": "kryssklick-answer/1", "version": survey.versions[0], "language": "sv", "answers": answers}
    number = secrets.token_bytes(16)
    body = seal(instance.tray.public_key(survey), json.dumps({**plain, **change}).encode(), number)
    instance.tray.submit(survey, number, body)


def test_the_desk_says_what_is_wrong_with_each(tmp_path: Path) -> None:
    with web(tmp_path) as (app, instance):
        add_user(instance, "kim", Role.COORDINATOR)
        add_user(instance, "ada", Role.AUDITOR)
        put(instance, {"fick": {"options": ["ja", "nej"]}})
        put(instance, {"mer": {"texts": {"": "<script>alert(1)</script>" * 30}}})
        put(instance, {"okänd": {"options": ["x"]}})
        put(instance, {"antal": {"texts": {"": "hundra"}}}, version="ffffffff")
        instance.tray.submit(
            instance.surveys.get("prov"),
            secrets.token_bytes(16),
            seal(instance.tray.public_key(instance.surveys.get("prov")), b"{}", secrets.token_bytes(16)),
        )
        client = app.test_client()
        sign_in(client, "kim")
        assert "Inget webbsvar är i karantän" in client.get("/desk/prov/quarantine").text
        instance.close_survey("prov")
        overview = client.get("/desk/prov").text
        assert "/desk/prov/quarantine" in overview
        page = client.get("/desk/prov/quarantine").text
        for words in (
            "Det innehåller flera svar där bara ett kan stå.",
            "1. Fick du en plan?",
            "Det innehåller en text som är längre än frågan tar emot.",
            "6. Vill du berätta mer?",
            "Det svarar på en fråga som undersökningen inte ställer.",
            "Det svarar på en version som undersökningen aldrig har haft.",
            "Förseglingen går inte att öppna",
        ):
            assert words in page
        assert page.count("<details>") == 4
        assert "<script>alert" not in page
        assert "2026-" not in page
        auditor = app.test_client()
        sign_in(auditor, "ada")
        assert auditor.get("/desk/prov/quarantine").status_code == 403
        assert "/desk/prov/quarantine" not in auditor.get("/desk/prov").text


def test_verify_counts_them(tmp_path: Path) -> None:
    with web(tmp_path) as (_, instance):
        put(instance, {"fick": {"options": ["ja", "nej"]}})
        put(instance, 7)
        instance.close_survey("prov")
    done = CliRunner().invoke(verify, ["--instance", str(tmp_path)])
    assert done.exit_code == 0
    assert json.loads(done.stdout)["quarantine"] == {"prov": 2}
    assert "survey prov: 2 web answers in quarantine" in done.stderr
