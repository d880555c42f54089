"""How a sequence diagram looks: the class for each mark and state, and the style sheet."""

from netlab.views.reading import (
    CORRUPTED,
    DELAYED,
    DUPLICATE,
    DUPLICATE_ACK,
    LATE,
    LOST,
    RETRANSMISSION,
)

CSS_OF_MARK = {
    LOST: "lost",
    CORRUPTED: "corrupted",
    DUPLICATE: "duplicate",
    RETRANSMISSION: "again",
    LATE: "late",
    DELAYED: "late",
    DUPLICATE_ACK: "dupack",
}
CSS_OF_STATE = {
    "LISTEN": "listen",
    "SYN_SENT": "opening",
    "SYN_RCVD": "opening",
    "ESTABLISHED": "open",
    "TIME_WAIT": "waiting",
    "CLOSED": "closed",
}

STYLE = (
    ".nl-sequence .nl-host rect{fill:var(--nl-wash);stroke:var(--nl-rule)}"
    ".nl-sequence .nl-name{font-size:16px;font-weight:600;text-anchor:middle}"
    ".nl-sequence .nl-address{font:12.5px var(--nl-mono);text-anchor:middle;fill:var(--nl-grey)}"
    ".nl-sequence .nl-life{stroke:var(--nl-rule);stroke-width:2}"
    ".nl-sequence .nl-tick{font-size:12px;text-anchor:end;fill:var(--nl-grey);"
    "font-variant-numeric:tabular-nums}"
    ".nl-sequence .nl-level{stroke:var(--nl-rule);stroke-dasharray:1 5;opacity:.6}"
    # Arrows: the colour tells the protocol, the dashes and the words what happened.
    ".nl-frame{color:var(--nl-blue)}.nl-sequence .nl-arp{color:var(--nl-grey)}"
    ".nl-sequence .nl-icmp{color:var(--nl-green)}.nl-sequence .nl-udp{color:var(--nl-purple)}"
    ".nl-sequence .nl-again,.nl-sequence .nl-corrupted{color:var(--nl-orange)}"
    ".nl-sequence .nl-late,.nl-sequence .nl-duplicate{color:var(--nl-pink)}"
    ".nl-sequence .nl-lost{color:var(--nl-red)}"
    ".nl-line{stroke:currentColor;stroke-width:1.8;fill:none}"
    ".nl-head{fill:currentColor}"
    ".nl-again .nl-line{stroke-dasharray:11 4}"
    ".nl-late .nl-line{stroke-dasharray:9 4 2 4}"
    ".nl-corrupted .nl-line{stroke-dasharray:2.5 3}"
    ".nl-duplicate .nl-line{stroke-width:5}"
    ".nl-core{stroke:var(--nl-paper);stroke-width:2}"
    ".nl-lost .nl-line{stroke-dasharray:5 4}.nl-lost.nl-again .nl-line{stroke-dasharray:11 4}"
    ".nl-cross{stroke:currentColor;stroke-width:3;stroke-linecap:round}"
    ".nl-dot{fill:var(--nl-paper);stroke:currentColor;stroke-width:2.4}"
    ".nl-rest{stroke:currentColor;stroke-width:1.4;stroke-dasharray:1 6;opacity:.7}"
    ".nl-hit{stroke:transparent;stroke-width:24;fill:none;stroke-linecap:round}"
    ".nl-frame:hover .nl-hit,.nl-frame:focus .nl-hit{stroke:currentColor;stroke-opacity:.14}"
    ".nl-selected .nl-hit{stroke:currentColor;stroke-opacity:.2}"
    ".nl-selected .nl-line{stroke-width:3.2}"
    ".nl-label{font:13px var(--nl-mono);text-anchor:middle;white-space:pre;"
    "paint-order:stroke;stroke:var(--nl-paper);stroke-width:4px;stroke-linejoin:round}"
    ".nl-texts{pointer-events:none}.nl-view .nl-number{fill:var(--nl-grey)}"
    ".nl-flags{font-weight:700}"
    ".nl-view .nl-note{font:italic 12.5px var(--nl-sans);fill:currentColor;text-anchor:middle;"
    "paint-order:stroke;stroke:var(--nl-paper);stroke-width:4px;stroke-linejoin:round}"
    # States
    ".nl-state{color:var(--nl-blue)}.nl-st-opening{color:var(--nl-orange)}"
    ".nl-st-open{color:var(--nl-green)}.nl-st-closing{color:var(--nl-purple)}"
    ".nl-st-waiting,.nl-st-listen,.nl-st-closed{color:var(--nl-grey)}"
    ".nl-bar{fill:currentColor;fill:color-mix(in srgb,currentColor 60%,var(--nl-paper))}"
    ".nl-st-listen .nl-bar{fill:color-mix(in srgb,currentColor 30%,var(--nl-paper))}"
    ".nl-view .nl-tag{font:600 12px var(--nl-mono);fill:currentColor;"
    "paint-order:stroke;stroke:var(--nl-paper);stroke-width:4px;stroke-linejoin:round}"
    ".nl-mark{stroke:currentColor;stroke-width:1.5}"
    ".nl-view .nl-call{font:italic 12px var(--nl-mono);fill:var(--nl-ink)}"
    # Timers, breaks, bands
    ".nl-timer{color:var(--nl-orange)}"
    ".nl-timer path{stroke:currentColor;stroke-width:1.6;fill:none}"
    ".nl-timer .nl-pending{stroke-dasharray:4 3}"
    ".nl-view .nl-timer text{font-size:12px;fill:currentColor}"
    ".nl-timer .nl-how-long{font-weight:600}"
    ".nl-gap{fill:var(--nl-paper)}.nl-wave{stroke:var(--nl-grey);stroke-width:1.5;fill:none}"
    ".nl-view .nl-break-words{font:italic 13px var(--nl-sans);fill:var(--nl-grey);"
    "text-anchor:middle}"
    ".nl-band rect{fill:var(--nl-wash);stroke:var(--nl-rule);stroke-dasharray:6 4}"
    ".nl-band.nl-selected rect{stroke:var(--nl-blue);stroke-width:2.4}"
    ".nl-band text{font-size:13px;text-anchor:middle}"
    ".nl-view .nl-band .nl-soft{font-size:12px;fill:var(--nl-grey)}"
    ".nl-now{stroke:var(--nl-ink);stroke-width:1.2;stroke-dasharray:2 3}"
    ".nl-view .nl-now-words{font-size:12px;font-weight:600;text-anchor:end}"
)
