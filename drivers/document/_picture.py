"""PNG files made into printable dots."""

import functools
import io

from PIL import Image as PilImage

from drivers.document.blocks import Alignment
from drivers.document.lines import Picture

_MAX_HEIGHT = 16_000  # two metres of paper


@functools.lru_cache(maxsize=16)
def picture(png: bytes, width: int, paper_dots: int, align: Alignment) -> Picture:
    """Scale to `width` dots (0: as it is), at most the paper's, and dither on white. Raises ValueError in plain words.

    Cached, because the same logo heads every receipt.
    """
    try:
        with PilImage.open(io.BytesIO(png), formats=("PNG",)) as file:
            file.load()
            image = file.convert("RGBA")
    except (OSError, SyntaxError, ValueError, EOFError, PilImage.DecompressionBombError) as error:
        raise ValueError("The PNG file is damaged: it cannot be read.") from error
    target = min(width or image.width, paper_dots)
    if target != image.width:
        image = image.resize((target, max(1, round(image.height * target / image.width))), PilImage.Resampling.LANCZOS)
    if image.height > _MAX_HEIGHT:
        raise ValueError(f"The picture would be {image.height} dots high; at most {_MAX_HEIGHT} can be printed.")
    paper = PilImage.new("RGBA", image.size, "white")
    paper.alpha_composite(image)
    grey = paper.convert("L").point(lambda level: 255 - level)  # 1 is black on paper
    return Picture(grey.width, grey.height, grey.convert("1").tobytes(), align)
