import string
from collections.abc import Iterator
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forms import pagecode
from forms.layout import instrument_hash
from forms.pagecode import SERIAL_ALPHABET, PageCode, SheetKind

HEX = "0123456789abcdef"


def codes() -> st.SearchStrategy[PageCode]:
    return st.builds(
        PageCode,
        st.sampled_from(SheetKind),
        st.text(HEX.upper(), min_size=4, max_size=4),
        st.text(HEX, min_size=8, max_size=8),
        st.integers(1, 32),
        st.text(SERIAL_ALPHABET, min_size=6, max_size=6),
    )


@given(codes())
def test_a_code_comes_back(code: PageCode) -> None:
    text = str(code)
    assert len(text) == 25
    assert set(text) <= set(string.digits + string.ascii_uppercase), "QR alphanumeric has no small letters"
    assert pagecode.parse(text) == code
    assert pagecode.parse(code.printed) == code
    assert pagecode.parse(f" {text.lower()}\n") == code


def _wrong_signs(text: str) -> Iterator[tuple[str, str, str]]:
    """Every text with one wrong sign: right sign, wrong sign, text."""
    for at, sign in enumerate(text):
        for other in string.digits + string.ascii_uppercase:
            if other != sign:
                yield sign, other, text[:at] + other + text[at + 1 :]


@given(codes())
@settings(max_examples=25)
def test_a_wrong_digit_or_a_wrong_letter_is_always_caught(code: PageCode) -> None:
    for sign, other, wrong in _wrong_signs(str(code)):
        if sign.isdigit() == other.isdigit():
            assert pagecode.parse(wrong) is None


def test_a_digit_read_as_a_letter_is_nearly_always_caught() -> None:
    """MOD 97-10 counts a letter as two digits, so a digit in its place shifts what stands before: 1 in 97 slips."""
    chance = Random(97)
    tried = slipped = 0
    for _ in range(150):
        serial = "".join(chance.choices(SERIAL_ALPHABET, k=6))
        layout = "".join(chance.choices(HEX, k=8))
        text = str(PageCode(SheetKind.SHEET, "9E17", layout, chance.randint(1, 32), serial))
        for sign, other, wrong in _wrong_signs(text):
            if sign.isdigit() != other.isdigit() and pagecode._CODE.fullmatch(wrong):
                tried += 1
                slipped += pagecode.parse(wrong) is not None
    assert tried > 10_000
    assert slipped / tried < 0.02


@given(codes())
def test_neighbours_swapped_are_caught(code: PageCode) -> None:
    """All but a digit and the letter worth eleven times as much (1B, 2M, 3X): the blind spot of MOD 97-10."""
    text = str(code)
    for at in range(len(text) - 1):
        swapped = text[:at] + text[at + 1] + text[at] + text[at + 2 :]
        low, high = sorted((int(text[at], 36), int(text[at + 1], 36)))
        if swapped != text and high != 11 * low:
            assert pagecode.parse(swapped) is None


@given(codes(), st.integers(0, 24))
def test_a_lost_or_doubled_sign_is_caught(code: PageCode, at: int) -> None:
    text = str(code)
    assert pagecode.parse(text[:at] + text[at + 1 :]) is None
    assert pagecode.parse(text[:at] + text[at] + text[at:]) is None


@given(st.text(max_size=40))
def test_other_texts_are_not_ours(text: str) -> None:
    assert pagecode.parse(text) is None


@pytest.mark.parametrize("text", ["", "https://example.org/", "K2S" + "0" * 22, "K1S" + "é" * 22])
def test_foreign_codes(text: str) -> None:
    assert pagecode.parse(text) is None


@pytest.mark.parametrize("body", ["123456", "K1S0AB1", "ZZZZZ"])
def test_check_digits_follow_iso_7064(body: str) -> None:
    """MOD 97-10: the whole number, check digits included, leaves 1."""
    whole = body + pagecode.check_digits(body)
    assert int("".join(str(int(sign, 36)) for sign in whole)) % 97 == 1


def test_a_known_check() -> None:
    # ISO 7064's own example for MOD 97-10.
    assert pagecode.check_digits("794") == "44"


def test_the_hash_of_an_instrument_stands_in_the_code() -> None:
    code = PageCode(SheetKind.SHEET, instrument_hash("sip-erfarenhet"), "9c41e07b", 1, "7QK2M4")
    assert pagecode.parse(str(code)) == code
    assert str(code).startswith("K1S" + instrument_hash("sip-erfarenhet") + "9C41E07B" + "01" + "7QK2M4")
    assert code.printed.replace(" ", "") == str(code)


def test_the_serial_alphabet_has_no_look_alikes() -> None:
    assert len(set(SERIAL_ALPHABET)) == 32
    assert not set("ILOU") & set(SERIAL_ALPHABET)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("7QK2M4", ("7QK2M4", "")),
        (" 7qk2m4 07\n", ("7QK2M4", "07")),
        ("OILoil", ("011011", "")),
        ("7QK2M4O1", ("7QK2M4", "01")),
        ("7QK2MU", None),
        ("7QK2M", None),
        ("7QK2M4 7", None),
        ("OOOOO!", None),
        ("", None),
    ],
)
def test_a_serial_that_a_person_typed(text: str, found: tuple[str, str] | None) -> None:
    assert pagecode.typed_serial(text) == found
