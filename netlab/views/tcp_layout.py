"""Where the states of TCP stand in their diagram, and which way the arrows between them go.

It is the arrangement of the textbooks: opening at the top, ESTABLISHED in the middle, the side that
closes first on the left and the other on the right. No program finds it, and it never changes; so
it is written down here, once. A test holds it to the table.
"""

from netlab.views.state_layout import Layout, Region, Route

_LEFT, _MIDDLE, _RIGHT = 215, 480, 805
_WIDTH, _HEIGHT = 144, 38
_H = _HEIGHT // 2
_W = _WIDTH // 2
_ROWS = (42, 158, 282, 398, 526, 664)

_PLACES = {
    "CLOSED": (_MIDDLE, _ROWS[0]),
    "LISTEN": (_MIDDLE, _ROWS[1]),
    "SYN_RCVD": (_LEFT, _ROWS[2]),
    "SYN_SENT": (_RIGHT, _ROWS[2]),
    "ESTABLISHED": (_MIDDLE, _ROWS[3]),
    "FIN_WAIT_1": (_LEFT, _ROWS[4]),
    "CLOSING": (_MIDDLE, _ROWS[4]),
    "CLOSE_WAIT": (_RIGHT, _ROWS[4]),
    "FIN_WAIT_2": (_LEFT, _ROWS[5]),
    "TIME_WAIT": (_MIDDLE, _ROWS[5]),
    "LAST_ACK": (_RIGHT, _ROWS[5]),
}


def _routes() -> dict[tuple[str, str], Route]:
    r1, r2, r3, r4, r5, r6 = _ROWS
    left, middle, right = _LEFT, _MIDDLE, _RIGHT
    near, far = middle - _W, middle + _W  # the sides of the boxes in the middle
    return {
        # Opening
        ("CLOSED", "LISTEN"): Route(
            [(middle - 16, r1 + _H), (middle - 16, r2 - _H)], (middle - 24, 104), "end"
        ),
        ("LISTEN", "CLOSED"): Route(
            [(middle + 16, r2 - _H), (middle + 16, r1 + _H)], (middle + 24, 96), "start"
        ),
        ("CLOSED", "SYN_SENT"): Route(
            [(far, r1), (right + 30, r1), (right + 30, r3 - _H)], (right + 39, 150), "start"
        ),
        ("SYN_SENT", "CLOSED"): Route(
            [(right - 30, r3 - _H), (right - 30, r1 + 13), (far, r1 + 13)], (right - 39, 92), "end"
        ),
        ("LISTEN", "SYN_SENT"): Route(
            [(far, r2 + 6), (right - 52, r3 - _H)], (middle + 132, 226), "end"
        ),
        ("LISTEN", "SYN_RCVD"): Route(
            [(near + 12, r2 + _H), (left + 50, r3 - _H)], (left + 124, 228), "start"
        ),
        ("SYN_RCVD", "LISTEN"): Route(
            [(left - 20, r3 - _H), (left - 20, r2), (near, r2)], (left - 8, 181), "start"
        ),
        ("SYN_SENT", "SYN_RCVD"): Route(
            [(right - _W, r3), (left + _W, r3)], (middle, r3), "astride"
        ),
        ("SYN_RCVD", "ESTABLISHED"): Route(
            [(left + 48, r3 + _H), (near + 14, r4 - _H)], (left + 112, 360), "end"
        ),
        ("SYN_SENT", "ESTABLISHED"): Route(
            [(right - 48, r3 + _H), (far - 14, r4 - _H)], (right - 130, 354), "start"
        ),
        # The side that closes first
        ("SYN_RCVD", "FIN_WAIT_1"): Route(
            [(left - 20, r3 + _H), (left - 20, r5 - _H)], (left - 28, 394), "end"
        ),
        ("ESTABLISHED", "FIN_WAIT_1"): Route(
            [(near + 14, r4 + _H), (left + 48, r5 - _H)], (left + 104, 444), "end"
        ),
        ("FIN_WAIT_1", "FIN_WAIT_2"): Route(
            [(left, r5 + _H), (left, r6 - _H)], (left - 8, 599), "end"
        ),
        ("FIN_WAIT_1", "CLOSING"): Route(
            [(left + _W, r5), (near, r5)], ((left + middle) // 2, r5), "astride"
        ),
        ("CLOSING", "TIME_WAIT"): Route(
            [(middle, r5 + _H), (middle, r6 - _H)], (middle + 8, 591), "start"
        ),
        ("FIN_WAIT_2", "TIME_WAIT"): Route(
            [(left + _W, r6), (near, r6)], ((left + middle) // 2, r6), "astride"
        ),
        ("TIME_WAIT", "TIME_WAIT"): Route(
            [(far, r6 - 9), (far + 26, r6 - 9), (far + 26, r6 + 9), (far, r6 + 9)],
            (far + 34, r6 - 11),
            "start",
        ),
        ("TIME_WAIT", "CLOSED"): Route(
            [(middle, r6 + _H), (middle, r6 + 50), (44, r6 + 50), (44, r1), (near, r1)],
            (53, 330),
            "start",
        ),
        # The other side
        ("ESTABLISHED", "CLOSE_WAIT"): Route(
            [(far - 14, r4 + _H), (right - 48, r5 - _H)], (right - 116, 442), "start"
        ),
        ("CLOSE_WAIT", "LAST_ACK"): Route(
            [(right, r5 + _H), (right, r6 - _H)], (right + 8, 591), "start"
        ),
        ("LAST_ACK", "CLOSED"): Route(
            [(right + _W, r6), (right + 135, r6), (right + 135, r1 - 13), (far, r1 - 13)],
            (right + 126, 390),
            "end",
        ),
    }


LAYOUT = Layout(
    width=985,
    height=742,
    places=_PLACES,
    size=dict.fromkeys(_PLACES, (_WIDTH, _HEIGHT)),
    routes=_routes(),
    regions=[
        Region(92, 482, 612, 222, "active close", (106, 502), "start"),
        Region(718, 482, 178, 222, "passive close", (884, 502), "end"),
    ],
)
