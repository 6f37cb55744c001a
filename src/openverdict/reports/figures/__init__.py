"""Pictures of a report as plain geometry: what goes where, in the units of the drawing; the templates draw them as SVG.

What comes in: places, times and contributions. What goes out: frozen objects with numbers and the words that say the
same for people who don't see the picture. Nothing here reads a file or the network; there are no map tiles.
"""

from openverdict.reports.figures.bars import Bar, bars
from openverdict.reports.figures.network import Holder, Network, network
from openverdict.reports.figures.outline import Ring, read_outline
from openverdict.reports.figures.place_map import MapCase, PlaceMap, place_map
from openverdict.reports.figures.timeline import TimeCase, Timeline, timeline

__all__ = [
    "Bar",
    "Holder",
    "MapCase",
    "Network",
    "PlaceMap",
    "Ring",
    "TimeCase",
    "Timeline",
    "bars",
    "network",
    "place_map",
    "read_outline",
    "timeline",
]
