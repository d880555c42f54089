"""An event in words: what happened, to whom, and when."""

from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress

from netlab.sim.recording import Event
from netlab.trace.frame import Frame
from netlab.units import show_time

_WORDS = {
    "delivered": ["frame {frame} arrived at {host}"],
    "dropped": ["frame {frame} of {host} was lost ({by})"],
    "discarded": ["{host} dropped what came, in its {layer} layer ({why})"],
    "mac": ["{host}'s MAC table: {address} by {port}, {state}"],
    "carrier": ["{interface} of {host} is {state}"],
    "collision": [
        "{host} heard a {late}collision of frame {frame}, attempt {attempt}",
        "signals met at {host}",
    ],
    "backoff": ["{host} backed off for {slots} slots after attempt {attempt}"],
    "arp": [
        "{host}'s ARP table said: {address} is at {mac}, {state}",
        "{host}'s ARP table said: nothing of {address} yet, {state}",
    ],
    "arp refused": ["{host} did not believe that {address} is at {mac}"],
    "arp conflict": ["{host} heard {mac} use its own address {address}"],
    "claim": ["{host}'s claim of {address} went from {from} to {to} ({on})"],
    "rarp": ["{host} learned from {server} that its address is {address}"],
    "dhcp": ["{host}'s DHCP client went from {from} to {to} ({on})"],
    "lease": ["{host} wrote {address} down as {state} for {client}"],
    "lease refused": ["{host} refused {client} a lease: {why}"],
    "power cut": ["the power of {host} was cut"],
    "icmp error": ["{host} heard from {from}: {message}, of {about}"],
    "icmp withheld": ["{host} sent no {message} to {to}: it would be {why}"],
    "route added": ["{host} took the route {route}"],
    "route removed": ["{host} gave up the route {route}"],
    "mss": ["{host} set its largest segment to {mss} bytes{of}"],
    "path mtu": [
        "{host} took the path to {dst} to carry no more than {mtu} bytes",
        "{host} forgot how narrow the path to {dst} was",
    ],
    "state": ["{host} went from {from} to {to} ({on})"],
    "cwnd": ["{host} set cwnd to {cwnd} bytes, ssthresh {ssthresh}{of}"],
    "rto": ["{host} set its retransmission timeout to {rto}{of}"],
    "window": ["{host} heard of a window of {snd_wnd} bytes{of}"],
    "timer set": ["the {timer} timer of {host}{of} was set to fire at {at}"],
    "timer cancelled": ["the {timer} timer of {host}{of} was stopped"],
    "timer fired": ["the {timer} timer of {host}{of} fired"],
    "call": ["{host} called {call}({arguments})"],
    "return": ["{call}() returned {value} on {host}", "{call}() returned on {host}"],
    "program started": ["the program {program} started on {host}"],
    "program ended": ["the program {program} ended on {host}"],
    "program failed": ["the program {program} failed on {host}"],
}
"""For each kind of event a clause, or several: told is the first for which the event has the values.

In braces stand the names of its fields, and of what `_told` adds to them.
"""


def describe(event: Event) -> str:
    """One clause, such as "alice went from SYN_SENT to ESTABLISHED (rcv SYN,ACK) at 20 ms"."""
    if isinstance(event, Frame):
        what = f"frame {event.id} ({event.label}) left {event.sender} for {event.receiver}"
    elif event.kind in _WORDS:
        what = _told(event, _WORDS[event.kind])
    else:
        fields = ", ".join(f"{name} {value}" for name, value in event.fields.items())
        what = f"{event.kind} on {event.host or 'the network'}" + (f" ({fields})" if fields else "")
    return f"{what} at {show_time(event.time)}"


def arrival(frame: Frame, event: Event) -> str:
    """What `event` says: that `frame` arrived."""
    account = f"; {frame.fault}" if frame.fault else ""
    return (
        f"frame {frame.id} ({frame.label} from {frame.sender}{account})"
        f" arrived at {event.host} at {show_time(event.time)}"
    )


def alarm(fired: Event, armed: Event) -> str:
    """What both events say: that a timer, set by the second, fired."""
    timer = _told(fired, ["the {timer} timer of {host}{of}"])
    waited, at = show_time(fired.time - armed.time), show_time(fired.time)
    return f"{timer}, set {waited} before, fired at {at}"


def _told(event: Event, clauses: Sequence[str]) -> str:
    values = {name: value for name, value in event.fields.items() if value is not None}
    values |= {"host": event.host or "the network", "layer": event.layer}
    values["of"] = f" ({values['connection']})" if values.get("connection") else ""
    values["arguments"] = ", ".join(map(repr, values.get("arguments", ())))
    values["late"] = "late " if values.get("late") else ""
    values |= {name: show_time(values[name]) for name in ("rto", "at") if name in values}
    for clause in clauses[:-1]:
        with suppress(KeyError):
            return clause.format_map(values)
    return clauses[-1].format_map(defaultdict(str, values))
