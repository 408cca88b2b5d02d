"""Contact sheets of the scanner farm's piles, to be looked at: whole pages small, and a part of each at full size.

python tests/simulator_contact.py FOLDER          a picture of each profile, and what a page costs
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
import pypdfium2
from PIL import Image, ImageOps, ImageSequence
from simulator_farm import shard as make_shard
from simulator_paper import Pixels
from simulator_profiles import PROFILES
from simulator_truth import Shard


def pictures(path: Path) -> list[Pixels]:
    """Return the page images of a file as a viewer shows them, blue-green-red."""
    if path.suffix == ".pdf":
        with pypdfium2.PdfDocument(path) as document:
            return [np.array(page.render(scale=200 / 72).to_pil().convert("RGB"))[:, :, ::-1] for page in document]
    with Image.open(path) as picture:
        frames = [ImageOps.exif_transpose(f).convert("RGB") for f in ImageSequence.Iterator(picture)]
    return [np.array(f)[:, :, ::-1] for f in frames]


def contact_sheet(shard: Shard, out: Path) -> None:
    """Write a picture: above three whole pages, below a part of each as it is."""
    images = [image for file in shard.files[:6] for image in pictures(file)][:6]
    wide, parts = 620, []
    for image in (images[1], images[2], images[-1]):
        scale = min(wide / image.shape[1], 880 / image.shape[0])
        small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        part = image[image.shape[0] // 3 :, image.shape[1] // 5 :][:420, :wide]
        column = np.full((1310, wide + 10, 3), 128, np.uint8)
        column[: small.shape[0], : small.shape[1]] = small
        column[885 : 885 + part.shape[0], : part.shape[1]] = part
        parts.append(column)
    cv2.imwrite(str(out), np.hstack(parts))


def stored_picture(path: Path, number: int) -> Pixels:
    """Return one page image of a file in the pixels in which it is stored, before any orientation is applied."""
    if path.suffix == ".pdf":
        with pypdfium2.PdfDocument(path) as document:
            page = document[number - 1]
            wide, high = max(o.get_px_size() for o in page.get_objects() if isinstance(o, pypdfium2.PdfImage))
            # Rendering rounds up to whole pixels.
            made = page.render(scale=wide / page.get_width()).to_pil().convert("RGB").crop((0, 0, wide, high))
    else:
        with Image.open(path) as picture:
            picture.seek(number - 1 if getattr(picture, "n_frames", 1) > 1 else 0)
            made = picture.convert("RGB")
    return np.array(made)[:, :, ::-1]


def main() -> None:
    """Draw a contact sheet of each profile and print what a page costs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path, help="where the pictures go")
    parser.add_argument("--profile", action="append", choices=list(PROFILES))
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    for name in given.profile or PROFILES:
        with tempfile.TemporaryDirectory() as folder:
            started = time.process_time()
            made = make_shard(name, 0, Path(folder))
            warm = time.process_time()
            make_shard(name, 0, Path(folder))
            cost = 1000 * (time.process_time() - warm) / len(made.pages)
            size = sum(f.stat().st_size for f in made.files) / len(made.pages) / 1000
            contact_sheet(made, given.out / f"{name}.png")
        print(
            f"{name:18} {len(made.pages):3} pages {cost:6.0f} ms {size:6.0f} kB a page (cold {warm - started:.1f} s)",
            flush=True,
        )


if __name__ == "__main__":
    main()
