"""What stands beside the lifelines, as SVG: bars and names of states, calls, brackets of timers."""

from netlab.views.sequence_style import CSS_OF_STATE
from netlab.views.sides import Bracket, Note, Sides
from netlab.views.svg import escape
from netlab.views.words import clock

_TAG = 7.4  # the width of a character of a state's name
_TIMER = 6.9
_BAR = 4  # half of the width of a state's bar
_TRACK = 9  # from one connection's bar to the next one's
_LEVEL = 9  # from one timer's bracket to the next one's that runs at the same time
_MOST_LEVELS = 3
_TIMER_ROW = 31  # what the two lines of a timer take


def widths_of(sides: Sides, host: str, until: int | None) -> tuple[int, int]:
    """How wide the names of a host's states are, and its timers; 0 where there are none."""
    notes, brackets = sides.notes[host], sides.brackets[host]
    tags, timers = 0, 0
    if notes:
        tracks = 1 + max(note.track for note in notes)
        tags = round(max(len(label) for label in _labels(notes)) * _TAG) + 12 + _TRACK * tracks
    if brackets:
        longest = max(len(line) for bracket in brackets for line in _lines(bracket, until))
        timers = round(longest * _TIMER) + 12 + _LEVEL * min(_MOST_LEVELS, len(brackets))
    return tags, timers


def draw_sides(
    sides: Sides, host: str, x: int, side: int, tags: int, bottom: int, until: int | None
) -> str:
    """What stands beside the lifeline at `x`; `side` is -1 for its left, 1 for its right.

    `tags` is the width that the names of states take, `bottom` where the picture ends.
    """
    parts = [f'<g style="text-anchor:{"end" if side < 0 else "start"}">']
    parts += _states(sides.notes[host], x, side, bottom)
    parts += _timers(sides.brackets[host], x + side * (tags + 4), side, bottom, until)
    return "".join(parts) + "</g>"


# --- states and calls -----------------------------------------------------------------------------


def _states(notes: list[Note], x: int, side: int, bottom: int) -> list[str]:
    parts = []
    for position, (note, label) in enumerate(zip(notes, _labels(notes), strict=True)):
        at = x + side * _TRACK * note.track
        if not note.is_state:
            parts.append(
                f'<text class="nl-call" x="{x + side * 12}" y="{note.y + 4}">{escape(label)}</text>'
            )
            continue
        later = (n.y for n in notes[position + 1 :] if n.is_state and n.track == note.track)
        height = max(2, next(later, bottom) - note.y)
        css = CSS_OF_STATE.get(note.text, "closing")
        bar = f'<rect class="nl-bar" x="{at - _BAR}" y="{note.y}" width="{2 * _BAR}" height="{height}"/>'
        parts.append(
            f'<g class="nl-state nl-st-{css}"><title>{_state_sentence(note)}</title>'
            f'{"" if note.text == "CLOSED" else bar}<path class="nl-mark" d="M{at - 8} {note.y}h16"/>'
            f'<text class="nl-tag" x="{at + side * 12}" y="{note.y + 4}">{escape(label)}</text></g>'
        )
    return parts


def _labels(notes: list[Note]) -> list[str]:
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


def _state_sentence(note: Note) -> str:
    event = note.event
    if note.held:
        return escape(f"{event.host} begins in {note.text}.")
    trigger = event.fields.get("on", "")
    why = f" on {trigger}" if trigger else ""
    return escape(
        f"{event.host} at {clock(event.time)}: from {event.fields.get('from', '?')}"
        f" to {note.text}{why}. {event.reason}".rstrip()
    )


# --- timers ---------------------------------------------------------------------------------------


def _timers(
    brackets: list[Bracket], x: int, side: int, bottom: int, until: int | None
) -> list[str]:
    """Brackets, those that overlap side by side, and their words one below the other."""
    parts = []
    ends: list[int] = []  # where the last bracket on each level ends
    words_end = -1000
    levels = min(_MOST_LEVELS, len(brackets))
    for bracket in sorted(brackets, key=lambda bracket: bracket.y_set):
        top = bracket.y_set
        end = bottom if bracket.fired is None else bracket.y_fired
        level = next((n for n, last in enumerate(ends) if last <= top), len(ends))
        ends[level : level + 1] = [end]
        at = x + side * _LEVEL * min(level, _MOST_LEVELS - 1)
        # A timer that still runs has no end yet: its bracket is open and dashed.
        css, close = ("nl-pending", "") if bracket.fired is None else ("", f"h{-6 * side}")
        middle = max((top + end) // 2, words_end + _TIMER_ROW)
        words_end = middle
        name, how_long = _lines(bracket, until)
        text = x + side * (_LEVEL * levels + 2)
        parts.append(
            f'<g class="nl-timer"><title>{escape(_timer_sentence(bracket))}</title>'
            f'<path class="{css}" d="M{at - 6 * side} {top}h{6 * side}V{end}{close}"/>'
            f'<text x="{text}" y="{middle - 3}">{escape(name)}</text>'
            f'<text class="nl-how-long" x="{text}" y="{middle + 12}">{how_long}</text></g>'
        )
    return parts


def _lines(bracket: Bracket, until: int | None) -> tuple[str, str]:
    how_long = clock(bracket.due - bracket.set.time)
    if bracket.fired is None and until is not None:
        how_long += f", {clock(bracket.due - until)} left"
    return bracket.name, how_long


def _timer_sentence(bracket: Bracket) -> str:
    start = f"{bracket.set.host}'s {bracket.name} timer was set at {clock(bracket.set.time)}"
    if bracket.fired is None:
        return f"{start} and fires at {clock(bracket.due)}."
    return f"{start} and fired at {clock(bracket.fired.time)}."
