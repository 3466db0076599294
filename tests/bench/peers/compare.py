#!/usr/bin/env python3
"""compare.py OUT PEER=TITLE...: text at rest as each peer showed it, beside the true one, from
the pictures that the last runs of `typing` over a clean link have kept."""
import os
import sys

from PIL import Image, ImageDraw, ImageFont

from run import CACHE

FONT = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"
MARGIN, TITLE = 12, 26


def pictures(peers):
    """Title and picture: first of all what the screen shows."""
    found = []
    for peer, title in peers:
        path = os.path.join(CACHE, "text", f"{peer}-typing.png")
        if not os.path.exists(path):
            continue
        both = Image.open(path)
        half = (both.width - 12) // 2
        if not found:
            found.append(("The screen", both.crop((0, 0, half, both.height))))
        found.append((title, both.crop((both.width - half, 0, both.width, both.height))))
    return found


def main(out, peers):
    found = pictures(peers)
    if not found:
        sys.exit("no run has kept a picture of text")
    width, height = found[0][1].size
    columns = 2
    rows = -(-len(found) // columns)
    sheet = Image.new("RGB", (columns * (width + MARGIN) + MARGIN,
                              rows * (height + TITLE + MARGIN) + MARGIN), "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.truetype(FONT, 16)
    for at, (title, picture) in enumerate(found):
        x = MARGIN + at % columns * (width + MARGIN)
        y = MARGIN + at // columns * (height + TITLE + MARGIN)
        draw.text((x, y), title, fill="black", font=font)
        sheet.paste(picture, (x, y + TITLE))
    sheet.save(out, optimize=True)


if __name__ == "__main__":
    main(sys.argv[1], [argument.split("=", 1) for argument in sys.argv[2:]])
