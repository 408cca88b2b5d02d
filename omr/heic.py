"""Phone photos in HEIC to pixels, where the optional extra `heic` is installed.

What a photo says about its own turning and mirroring is carried out here, since the picture that is kept is another.
"""

from __future__ import annotations

from importlib.util import find_spec

from PIL import Image

from omr.pictures import Unreadable
from omr.readings import RefusalCode

BRANDS = frozenset((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"))
"""Names by which a file says that it is HEIC (ISO/IEC 23008-12)."""

MAX_PIXELS = 26_000_000
"""Most pixels of a photo: 24 megapixels and a margin; a decoder holds all of it twice."""

MISSING = "It is a HEIC photo, and this program was installed without its extra for those."
"""Detail of a refusal."""


def installed() -> bool:
    """Tell whether the extra is there, so that HEIC photos can be read."""
    return find_spec("pillow_heif") is not None


def is_heic(data: bytes) -> bool:
    """Tell whether the bytes of a file begin as a HEIC does."""
    return data[4:8] == b"ftyp" and data[8:12] in BRANDS


def pixels_of(data: bytes) -> Image.Image:
    """Decode the main picture of a HEIC file, upright as the phone held it.

    Args:
        data: The file.

    Returns:
        The picture, gray or in colours.

    Raises:
        Unreadable: `not-an-image`: the extra is missing; `too-large`; `damaged-file`.
    """
    try:
        from pillow_heif import open_heif, options  # noqa: PLC0415 - an extra that is not always installed
    except ImportError as error:
        raise Unreadable(RefusalCode.NOT_AN_IMAGE, MISSING) from error
    options.DECODE_THREADS = 1  # there is a worker a core
    try:
        photo = open_heif(data)
        width, height = photo.size
        if width * height > MAX_PIXELS:
            raise Unreadable(RefusalCode.TOO_LARGE, f"It is a HEIC photo of {width:,} × {height:,} pixels.")
        image = photo.to_pillow()
    except (ValueError, EOFError, SyntaxError, RuntimeError, OSError, IndexError) as error:
        raise Unreadable(RefusalCode.DAMAGED_FILE, "It begins as a HEIC photo but breaks off.") from error
    if image.size != (width, height):
        raise Unreadable(RefusalCode.DAMAGED_FILE, "Its pixels are other than its header tells.")
    return image if image.mode in ("L", "RGB") else image.convert("RGB")
