"""Where the states of TCP stand in their diagram, and which way the arrows between them go.

It is the arrangement of the textbooks: opening at the top, ESTABLISHED in the middle, the side that
closes first on the left and the other on the right. No program finds it, and it never changes; so
it is written down here, once. A test holds it to the table.
"""

from netlab.views.state_layout import Layout, Point, Region, Route

_SIZE = (144, 38)
_PLACES = """
CLOSED       480,42
LISTEN       480,158
SYN_RCVD     215,282
SYN_SENT     805,282
ESTABLISHED  480,398
FIN_WAIT_1   215,526
CLOSING      480,526
CLOSE_WAIT   805,526
FIN_WAIT_2   215,664
TIME_WAIT    480,664
LAST_ACK     805,664
"""
# From, to, where the label stands, on which side of it, and the corners of the arrow.
_ROUTES = """
CLOSED       LISTEN       456,104  end      464,61 464,139
LISTEN       CLOSED       504,96   start    496,139 496,61
CLOSED       SYN_SENT     844,150  start    552,42 835,42 835,263
SYN_SENT     CLOSED       766,92   end      775,263 775,55 552,55
LISTEN       SYN_SENT     612,226  end      552,164 753,263
LISTEN       SYN_RCVD     339,228  start    420,177 265,263
SYN_RCVD     LISTEN       207,181  start    195,263 195,158 408,158
SYN_SENT     SYN_RCVD     480,282  astride  733,282 287,282
SYN_RCVD     ESTABLISHED  327,360  end      263,301 422,379
SYN_SENT     ESTABLISHED  675,354  start    757,301 538,379
SYN_RCVD     FIN_WAIT_1   187,394  end      195,301 195,507
ESTABLISHED  FIN_WAIT_1   319,444  end      422,417 263,507
FIN_WAIT_1   FIN_WAIT_2   207,599  end      215,545 215,645
FIN_WAIT_1   CLOSING      347,526  astride  287,526 408,526
CLOSING      TIME_WAIT    488,591  start    480,545 480,645
FIN_WAIT_2   TIME_WAIT    347,664  astride  287,664 408,664
TIME_WAIT    TIME_WAIT    586,653  start    552,655 578,655 578,673 552,673
TIME_WAIT    CLOSED       53,330   start    480,683 480,714 44,714 44,42 408,42
ESTABLISHED  CLOSE_WAIT   689,442  start    538,417 757,507
CLOSE_WAIT   LAST_ACK     813,591  start    805,545 805,645
LAST_ACK     CLOSED       931,390  end      877,664 940,664 940,29 552,29
"""


def _point(text: str) -> Point:
    x, _, y = text.partition(",")
    return int(x), int(y)


def _layout() -> Layout:
    places = {state: _point(at) for state, at in map(str.split, _PLACES.strip().splitlines())}
    routes = {}
    for tail, head, label, anchor, *corners in map(str.split, _ROUTES.strip().splitlines()):
        routes[tail, head] = Route([_point(at) for at in corners], _point(label), anchor)
    regions = [
        Region(92, 482, 612, 222, "active close", (106, 502), "start"),
        Region(718, 482, 178, 222, "passive close", (884, 502), "end"),
    ]
    return Layout(985, 742, places, dict.fromkeys(places, _SIZE), routes, regions)


LAYOUT = _layout()
