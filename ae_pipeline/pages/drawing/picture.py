"""One picture: axes to draw in, words for the pointer, and inline SVG in the end."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import matplotlib as mpl
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ae_pipeline.escaping import visible
from ae_pipeline.pages.drawing.colours import Colour
from ae_pipeline.pages.drawing.inline import inline

#: Points across. Narrow, so that letters are still letters where the page is a phone's.
WIDTH = 370.0
_STYLE: dict[str, object] = {
    "svg.fonttype": "none",  # text stays text: sharp, searchable, in the reader's own font
    "svg.hashsalt": "ae-pipeline",  # the same picture has the same bytes
    "text.parse_math": False,  # a column may be called `$x$`
    "font.size": 10.0,
    "axes.edgecolor": Colour.LINE.value,
    "axes.labelcolor": Colour.MUTED.value,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.axisbelow": True,
    "grid.color": Colour.LINE.value,
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "legend.labelcolor": Colour.INK.value,
    "text.color": Colour.INK.value,
    "xtick.color": Colour.LINE.value,
    "ytick.color": Colour.LINE.value,
    "xtick.labelcolor": Colour.MUTED.value,
    "ytick.labelcolor": Colour.INK.value,
}


class Picture:
    """Axes, and the SVG that is there once the picture is drawn.

    Args:
        label: what it shows, for who cannot see it.
        height: points.
        n_panels: axes side by side or, of one, below each other.
    """

    def __init__(self, label: str, height: int, n_panels: int = 1) -> None:
        self.label = label
        self.figure = Figure(figsize=(WIDTH / 72, height / 72), layout="constrained")
        self.panels: list[Axes] = list(self.figure.subplots(n_panels, 1, squeeze=False)[:, 0])
        self.svg = ""
        self._told: dict[str, str] = {}

    @property
    def axes(self) -> Axes:
        """The first panel."""
        return self.panels[0]

    def tell(self, artist: Artist, text: str) -> None:
        """Show a text where the pointer rests on a part of the picture."""
        name = f"told-{len(self._told)}"
        artist.set_gid(name)
        self._told[name] = visible(text)

    def close(self) -> None:
        """Draw it; after that there is `svg`."""
        drawn = io.StringIO()
        with warnings.catch_warnings():
            # Browsers have letters that matplotlib's font lacks.
            warnings.filterwarnings("ignore", message="Glyph .* missing from")
            self.figure.savefig(drawn, format="svg", transparent=True, metadata={"Date": None})
        self.svg = inline(drawn.getvalue(), self.label, self._told)


@contextmanager
def drawing(label: str, height: int, n_panels: int = 1) -> Iterator[Picture]:
    """Draw a picture in the page's style; arguments as those of `Picture`."""
    with mpl.rc_context(_STYLE):  # type: ignore[arg-type]  # its keys are a type of literals
        picture = Picture(label, height, n_panels)
        yield picture
        picture.close()
