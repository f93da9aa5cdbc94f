"""Bars in a row, as inline SVG without a style attribute. Pure.

Facts
-----
* `style-src 'self'` forbids style attributes, not presentation attributes: geometry is written as attributes,
  colours come from the style sheet by class.
* A chart must say its numbers to who cannot see it: `<title>` holds them, and is the tooltip as well.
"""

from collections.abc import Sequence
from typing import Final

from markupsafe import Markup

_FRAME: Final = Markup(
    '<svg class="bars" role="img" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    ' preserveAspectRatio="none"><title>{title}</title>{shapes}<path d="M0 {base}H{width}"/></svg>'
)


def bars(
    values: Sequence[int],
    title: str,
    *,
    height: int = 24,
    step: int = 4,
    top: int | None = None,
    kinds: Sequence[str] = (),
) -> Markup:
    """A bar for each value, `step` pixels apart, the highest (or `top`) as high as the chart.

    `kinds` are classes of single bars, in the same order; nought draws nothing, but for a class that has a
    meaning of its own ("failed"), which is drawn at full height.
    """
    highest = max(top or 0, *values, 1)
    shapes = []
    for place, value in enumerate(values):
        kind = kinds[place] if kinds else ""
        tall = height if kind == "failed" else max(2, round(height * value / highest)) if value else 0
        if tall:
            shapes.append(
                f'<rect class="{kind}" x="{place * step}" y="{height - tall}" width="{max(step - 1, 1)}" height="{tall}"/>'
            )
    width = max(step * len(values), 1)
    return _FRAME.format(
        width=width, height=height + 1, base=height + 0.5, title=title, shapes=Markup("".join(shapes))
    )
