from pathlib import Path

import pytest

from forms import places
from forms.places import Place

KOMMUNER = places.lists()["kommuner"]


def test_all_municipalities_of_both_regions() -> None:
    assert len(KOMMUNER) == 59
    assert len({p.code for p in KOMMUNER}) == len({p.name for p in KOMMUNER}) == 59
    assert len(places.places("kommuner", "Västra Götaland")) == 49
    assert len(places.places("kommuner", "Gävleborg")) == 10
    assert all(len(p.code) == 4 and p.code.isdigit() for p in KOMMUNER)
    assert all(p.code[:2] == {"Västra Götaland": "14", "Gävleborg": "21"}[p.region] for p in KOMMUNER)


def test_subregions_have_as_many_as_the_sources_say() -> None:
    def count(**of: str) -> int:
        return sum(all(getattr(p, name) == value for name, value in of.items()) for p in KOMMUNER)

    by_subregion = {"Fyrbodal": 15, "Göteborgsområdet": 5, "SAMLA": 2, "SIMBA": 4, "Skaraborg": 15, "Södra Älvsborg": 8}
    by_association = {"Göteborgsregionen": 12, "Sjuhärad": 8, "Fyrbodal": 14, "Skaraborg": 15}
    assert {name: count(subregion=name) for name in by_subregion} == by_subregion
    assert {name: count(association=name) for name in by_association} == by_association
    assert {name: count(subregion=name) for name in ("Gästrikland", "Hälsingland")} == {
        "Gästrikland": 4,
        "Hälsingland": 6,
    }
    assert count(region="Gävleborg", association="") == 10


def test_lilla_edet_lies_in_two_divisions() -> None:
    assert places.find("kommuner", "Lilla Edet") == Place(
        "1462", "Lilla Edet", "Västra Götaland", "Fyrbodal", "Göteborgsregionen"
    )


def test_sorted_as_swedes_do() -> None:
    names = [p.name for p in places.places("kommuner", "Västra Götaland")]
    assert names[0] == "Ale"
    assert names[-3:] == ["Vänersborg", "Åmål", "Öckerö"]
    assert names.index("Vårgårda") < names.index("Vänersborg")
    assert names.index("Tranemo") < names.index("Trollhättan") < names.index("Töreboda") < names.index("Uddevalla")
    assert sorted(["Östra", "Ärla", "Ås", "Zorn", "Éden", "Eden Ö"], key=places.alphabetical) == [
        "Éden", "Eden Ö", "Zorn", "Ås", "Ärla", "Östra",
    ]  # fmt: skip


def test_a_region_narrows_and_anything_else_does_not() -> None:
    assert {p.region for p in places.places("kommuner", " västra götaland ")} == {"Västra Götaland"}
    assert len(places.places("kommuner", "Skåne")) == 59
    assert len(places.places("kommuner")) == 59
    with pytest.raises(KeyError):
        places.places("länder")


@pytest.mark.parametrize("written", ["Mölndal", "mölndal", " MÖLNDAL ", "Möln dal", "1481", "Mo\u0308lndal"])
def test_find_takes_names_and_codes(written: str) -> None:
    place = places.find("kommuner", written)
    assert place is not None
    assert place.code == "1481"


@pytest.mark.parametrize("written", ["", "Molndal", "Mölndals kommun", "Mölnd", "9999"])
def test_find_guesses_nothing(written: str) -> None:
    assert places.find("kommuner", written) is None


def test_codes() -> None:
    assert places.codes() == {"kommuner": frozenset(p.code for p in KOMMUNER)}


def test_each_list_is_described() -> None:
    folder = Path(places.__file__).parent / "places"
    described = (folder / "README.md").read_text(encoding="utf-8")
    assert all(f"`{list_id}.csv`" in described for list_id in places.lists())
