"""The sign-up for an interview: a sheet of its own, in either size, that no scan of keeps."""

from __future__ import annotations

import io

import pypdfium2
import pytest

from forms.blocks import Size
from forms.compose import Sheet
from forms.signup import sign_up_sheet, write_sign_ups
from omr import images
from omr.images import PageImage
from omr.pictures import as_png
from omr.reader import read_page
from omr.readings import Refusal, RefusalCode

PARAMETERS = {
    "organisation": "Brukarföreningen Exempel i Västra Götaland",
    "region": "Västra Götaland",
    "contact": "Kontaktpersonen, 010-000 00 00, vardagar 9–12",
    "return_address": "Brukarföreningen Exempel\nKontaktpersonen\nSvarspost 123 456 789\n400 00 Exempelstad",
}


def printed(sheet: Sheet, copies: int) -> bytes:
    out = io.BytesIO()
    write_sign_ups(sheet, copies, out)
    return out.getvalue()


@pytest.mark.parametrize("language", ["sv", "sv-x-lattlast", "en"])
@pytest.mark.parametrize(("size", "pages"), [(Size.NORMAL, 1), (Size.LARGE, 2)])
def test_it_ships_in_both_sizes(language: str, size: Size, pages: int) -> None:
    sheet = sign_up_sheet(PARAMETERS, language, size)
    assert sheet.layout.pages == pages
    for page in range(1, pages + 1):
        assert [m.id for m in sheet.layout.markers if m.page == page] == [128, 129, 130, 131]
    with pypdfium2.PdfDocument(printed(sheet, 3)) as document:
        assert len(document) == 3 * pages


def test_every_page_of_it_is_refused_and_not_read() -> None:
    sheet = sign_up_sheet(PARAMETERS, "sv", Size.LARGE)
    with pypdfium2.PdfDocument(printed(sheet, 1)) as document:
        drawn = [page.render(scale=200 / 72, grayscale=True).to_numpy().squeeze() for page in document]
    assert len(drawn) == 2
    for pixels in drawn:
        image = images.decode(as_png(pixels))
        assert isinstance(image, PageImage)
        found = read_page(image, {})
        assert isinstance(found, Refusal)
        assert found.code is RefusalCode.SIGN_UP_SHEET
