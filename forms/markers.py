"""The corner markers: AprilTag 36h11, ids 0 to 135, as vectors.

A marker's square is 8 modules wide: one module of black border and 6 × 6 modules that hold the id. The patterns
are those of the tag family 36h11 in the orientation that OpenCV uses; a test compares all of them with OpenCV.
Source of the family: Olson, AprilTag: A robust and flexible visual fiducial system, 2011.
"""

from __future__ import annotations

from collections.abc import Iterator

MODULES = 8
"""Width of a marker in modules, its black border included."""

SIGN_UP_FIRST = 128
"""First marker id of a sign-up sheet; corners clockwise from the top left."""

TEST_PAGE_FIRST = 132
"""First marker id of a test page."""

_PATTERNS = (
    0x21A146BAB,
    0x92D18FE9B,
    0x7089014BB,
    0x193979E27,
    0x44153D3D7,
    0x35CD5B8CF,
    0xA10BA56A0,
    0x2B874A608,
    0xB57FB8D44,
    0x4E20B5A64,
    0x61D897F2C,
    0xAB3469FFC,
    0x594CA45C2,
    0xFA1C2D2E2,
    0x97C24B972,
    0x75928624A,
    0x1CAAFE99A,
    0x3236DDC16,
    0x884E527D6,
    0x5771A8C7E,
    0xF52925B81,
    0x2E59CC1A1,
    0x7FA58AB31,
    0xEB43384F9,
    0x3913D5345,
    0xD79B1A3B5,
    0x0DFBE768D,
    0x5CD7A031D,
    0xB9C8F7A4B,
    0x46987E06B,
    0x6E0C5D527,
    0x5BC567BB4,
    0x1E6302BC2,
    0x8AC7D046A,
    0xA65FE2326,
    0x5400EB616,
    0xF7A066836,
    0x2DD0AFDF6,
    0x3B9CB60B1,
    0xAD6A1CAF9,
    0x93B62EFB5,
    0xBB210D93D,
    0xDEE55094B,
    0xA0CD1479B,
    0x2A23ABB27,
    0x4F67F4B5F,
    0x58A815818,
    0x743427D64,
    0x1DEC40874,
    0x892AB3A02,
    0x38D5742EE,
    0x0C43567A1,
    0x5DB311CB1,
    0xC957CA1F9,
    0xA22457823,
    0x29ACE98F3,
    0xCCC52C528,
    0xDA8B3578C,
    0xD5B4B9E36,
    0xAC9CDD3CE,
    0xCBDAA8391,
    0x1986256B1,
    0xBAE6CC889,
    0xDF91B10E5,
    0xA1A9D5A75,
    0x2B651AA9D,
    0x4D5C2E19D,
    0x5B163736B,
    0xF753D60A8,
    0x5E84B37D2,
    0xFCE43A9F2,
    0xBB926D1A6,
    0xED8D236E5,
    0x6AF846F37,
    0xEA56A5138,
    0x5D497146C,
    0x470360ECA,
    0x8C4BCD67A,
    0x295F3901E,
    0xF6B577E97,
    0x520602F5A,
    0xB5119492E,
    0x48E299AB7,
    0xB79F5737A,
    0xA814C683E,
    0x2DA900583,
    0xD4ABA4797,
    0x982A0E65C,
    0xF480CCC15,
    0x0B20EA732,
    0xA9506710A,
    0x0486E2EE1,
    0xB0A972615,
    0xE73F3A257,
    0x17E205B98,
    0xEC9AB2B24,
    0xD9339E076,
    0xEB8874F99,
    0x9420A55CC,
    0xE364FF992,
    0x8A4CB8F0A,
    0xF72AEE766,
    0x73CC6B569,
    0xC99CA6A59,
    0x366A0C535,
    0x509E51943,
    0xBA6D227D1,
    0xD2ACF163B,
    0xD989FEF68,
    0x641707BB2,
    0xF9BD312AB,
    0x77739C207,
    0x68BF8D1BF,
    0xDEDD84A6E,
    0x42EAEC49B,
    0x302B68D53,
    0x4EBB930CE,
    0x439C5D9B5,
    0xE1FC9228D,
    0xF8A6A8D4A,
    0xB53902A18,
    0xB163475EE,
    0xAD2F5AF29,
    0xAAB5DC850,
    0xB3EC25786,
    0x4799C4405,
    0x8BC68DC04,
    0x702F15DDE,
    0xB42293DA9,
    0x1ACAD0382,
    0x813363971,
    0x0E692AD70,
    0x8AD05C5B9,
    0x85E654C1B,
    0x3D0AC2B3B,
    0x4BBFA0552,
)


def marker_id(page: int, corner: int) -> int:
    """Return the id of the marker in a corner (0 to 3, clockwise from the top left) of a page (1 to 32)."""
    return 4 * (page - 1) + corner


def white_modules(marker: int) -> Iterator[tuple[int, int]]:
    """Yield column and row (0 to 7) of each white module of a marker.

    Raises:
        IndexError: There is no such marker.
    """
    pattern = _PATTERNS[marker]
    for place in range(36):
        if pattern >> (35 - place) & 1:
            yield 1 + place % 6, 1 + place // 6
