"""Bars in a row, as inline SVG without a style attribute. Pure.

Facts
-----
* `style-src 'self'` forbids style attributes, not presentation attributes: geometry is written as attributes,
  colours come from the style sheet by class.
* A chart must say its numbers to who cannot see it: `<title>` holds them, and is the tooltip as well.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from markupsafe import Markup

_FRAME: Final = Markup(
    '<svg class="bars" role="img" viewBox="0 0 {width} {height}" width="{width}" height="{height}">'
    '<title>{title}</title>{shapes}<path class="base" d="M0 {base}H{width}"/></svg>'
)


def bars(
    values: Sequence[int],
    title: str,
    *,
    height: int = 24,
    step: int = 4,
    top: int = 0,
    failed: Collection[int] = (),
) -> Markup:
    """A bar for each value, `step` pixels apart, the highest (or `top`) as high as the chart.

    Nought draws nothing, but the places in `failed`, whatever their value, are full bars of their own kind.
    """
    highest = max(top, *values, 1)
    talls = [max(2, round(height * value / highest)) if value else 0 for value in values]
    usual = {place: tall for place, tall in enumerate(talls) if tall and place not in failed}
    shapes = _shape("", usual, height, step) + _shape("failed", dict.fromkeys(failed, height), height, step)
    width = max(step * len(values), 1)
    return _FRAME.format(width=width, height=height + 1, base=height + 0.5, title=title, shapes=shapes)


def _shape(kind: str, talls: Mapping[int, int], height: int, step: int) -> Markup:
    """All bars of one kind as one path: a tenth of the bytes of as many rectangles."""
    if not talls:
        return Markup("")
    width = max(step - 1, 1)
    path = "".join(f"M{place * step} {height}v-{tall}h{width}v{tall}z" for place, tall in talls.items())
    return Markup(f'<path class="{kind}" d="{path}"/>')
