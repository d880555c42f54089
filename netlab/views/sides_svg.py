"""What stands beside the lifelines, as SVG: bars and names of states, calls, brackets of timers."""

from netlab.views.sides import Bracket, Note, Side
from netlab.views.svg import escape, label
from netlab.views.words import clock

_CSS_OF_STATE = {
    "LISTEN": "listen",
    "SYN_SENT": "opening",
    "SYN_RCVD": "opening",
    "ESTABLISHED": "open",
    "TIME_WAIT": "waiting",
    "CLOSED": "closed",
}
_TAG = 7.4  # the width of a character of a state's name
_TIMER = 6.9
_BAR = 4  # half of the width of a state's bar
_TRACK = 9  # from one connection's bar to the next one's
_LEVEL = 9  # from one timer's bracket to the next one's that runs at the same time
_MOST_LEVELS = 3
_TIMER_ROW = 31  # what the two lines of a timer take


def widths_of(side: Side, until: int | None) -> tuple[int, int]:
    """How wide the names of a host's states are, and its timers; 0 where there are none."""
    tags, timers = 0, 0
    if side.notes:
        tracks = 1 + max(note.track for note in side.notes)
        tags = round(max(map(len, _names(side.notes))) * _TAG) + 12 + _TRACK * tracks
    if side.brackets:
        longest = max(len(line) for bracket in side.brackets for line in _lines(bracket, until))
        timers = round(longest * _TIMER) + 12 + _LEVEL * min(_MOST_LEVELS, len(side.brackets))
    return tags, timers


def draw_side(side: Side, x: int, to: int, bottom: int, until: int | None) -> str:
    """What stands beside the lifeline at `x`: on its left where `to` is -1, on its right where 1.

    `bottom` is where the picture ends.
    """
    tags, _ = widths_of(side, until)
    parts = _states(side.notes, x, to, bottom)
    parts += _timers(side.brackets, x + to * (tags + 4), to, bottom, until)
    return f'<g style="text-anchor:{"end" if to < 0 else "start"}">{"".join(parts)}</g>'


# --- states and calls -----------------------------------------------------------------------------


def _states(notes: list[Note], x: int, to: int, bottom: int) -> list[str]:
    parts = []
    ends: dict[int, int] = {}  # where the next state on each track begins
    for note, name in zip(reversed(notes), reversed(_names(notes)), strict=True):
        y = note.y
        if not note.is_state:
            parts.append(label(x + to * 12, y + 4, name, "nl-call"))
            continue
        at = x + to * _TRACK * note.track
        height = max(2, ends.get(note.track, bottom) - y)
        ends[note.track] = y
        bar = f'<rect class="nl-bar" x="{at - _BAR}" y="{y}" width="{2 * _BAR}" height="{height}"/>'
        parts.append(
            f'<g class="nl-state nl-st-{_CSS_OF_STATE.get(note.text, "closing")}">'
            f"<title>{escape(_tell(note))}</title>{'' if note.text == 'CLOSED' else bar}"
            f'<path class="nl-mark" d="M{at - 8} {y}h16"/>{label(at + to * 12, y + 4, name, "nl-tag")}'
            "</g>"
        )
    return parts[::-1]


def _names(notes: list[Note]) -> list[str]:
    """The states and calls; with a port where a host has several connections at once."""
    several = any(note.track for note in notes)
    return [
        f"{note.text} {_port(note)}" if several and note.is_state else note.text for note in notes
    ]


def _port(note: Note) -> str:
    """The port that tells connections apart: that of the side which opened, taken for this one."""
    ends = str(note.event.fields.get("connection", "")).split(" > ")
    ports = [int(port) for port in (end.rpartition(":")[2] for end in ends) if port.isdigit()]
    return f":{max(ports)}" if ports else ""


def _tell(note: Note) -> str:
    event, fields = note.event, note.event.fields
    if note.held:
        return f"{event.host} begins in {note.text}."
    why = f" on {fields['on']}" if fields.get("on") else ""
    return (
        f"{event.host} at {clock(event.time)}: from {fields.get('from', '?')} to {note.text}{why}."
        f" {event.reason}".rstrip()
    )


# --- timers ---------------------------------------------------------------------------------------


def _timers(brackets: list[Bracket], x: int, to: int, bottom: int, until: int | None) -> list[str]:
    """Brackets, those that overlap side by side, and their words one below the other."""
    parts = []
    ends: list[int] = []  # where the last bracket on each level ends
    words_end = -1000
    text = x + to * (_LEVEL * min(_MOST_LEVELS, len(brackets)) + 2)
    for bracket in sorted(brackets, key=lambda bracket: bracket.y_set):
        top, name = bracket.y_set, bracket.name
        told = f"{bracket.set.host}'s {name} timer was set at {clock(bracket.set.time)}"
        if bracket.fired is None:
            # It has no end yet: its bracket is open and dashed.
            end, css, close = bottom, "nl-pending", ""
            told += f" and fires at {clock(bracket.due)}."
        else:
            end, css, close = bracket.y_fired, "", f"h{-6 * to}"
            told += f" and fired at {clock(bracket.fired.time)}."
        level = next((n for n, last in enumerate(ends) if last <= top), len(ends))
        ends[level : level + 1] = [end]
        at = x + to * _LEVEL * min(level, _MOST_LEVELS - 1)
        words_end = middle = max((top + end) // 2, words_end + _TIMER_ROW)
        parts.append(
            f'<g class="nl-timer"><title>{escape(told)}</title>'
            f'<path class="{css}" d="M{at - 6 * to} {top}h{6 * to}V{end}{close}"/>'
            f"{label(text, middle - 3, name)}"
            f"{label(text, middle + 12, _lines(bracket, until)[1], 'nl-how-long')}</g>"
        )
    return parts


def _lines(bracket: Bracket, until: int | None) -> tuple[str, str]:
    how_long = clock(bracket.due - bracket.set.time)
    if bracket.fired is None and until is not None:
        how_long += f", {clock(bracket.due - until)} left"
    return bracket.name, how_long
