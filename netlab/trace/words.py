"""An event in words: what happened, to whom, and when."""

from collections.abc import Callable, Mapping
from typing import Any

from netlab.sim.recording import Event
from netlab.trace.frame import Frame
from netlab.units import show_time


def describe(event: Event) -> str:
    """One clause, such as "alice went from SYN_SENT to ESTABLISHED (rcv SYN,ACK) at 20 ms"."""
    if isinstance(event, Frame):
        what = f"frame {event.id} ({event.label}) left {event.sender} for {event.receiver}"
    else:
        words = _WORDS.get(event.kind, _other)
        what = words(event.host or "the network", event.fields, event)
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
    return (
        f"{_timer(fired.host, fired.fields)}, set {show_time(fired.time - armed.time)} before,"
        f" fired at {show_time(fired.time)}"
    )


def _timer(host: str, fields: Mapping[str, Any]) -> str:
    return f"the {fields.get('timer', '')} timer of {host}{_on(fields)}"


def _on(fields: Mapping[str, Any]) -> str:
    connection = fields.get("connection")
    return f" ({connection})" if connection else ""


def _state(host: str, fields: Mapping[str, Any], event: Event) -> str:
    return f"{host} went from {fields.get('from')} to {fields.get('to')} ({fields.get('on')})"


def _dropped(host: str, fields: Mapping[str, Any], event: Event) -> str:
    return f"frame {fields.get('frame')} of {host} was lost ({fields.get('by')})"


def _delivered(host: str, fields: Mapping[str, Any], event: Event) -> str:
    return f"frame {fields.get('frame')} arrived at {host}"


def _discarded(host: str, fields: Mapping[str, Any], event: Event) -> str:
    return f"{host} dropped what came, in its {event.layer} layer ({fields.get('why')})"


def _arp(host: str, fields: Mapping[str, Any], event: Event) -> str:
    address, mac = fields.get("address"), fields.get("mac")
    found = f"{address} is at {mac}" if mac else f"nothing of {address} yet"
    return f"{host}'s ARP table said: {found}, {fields.get('state')}"


def _arp_refused(host: str, fields: Mapping[str, Any], event: Event) -> str:
    return f"{host} did not believe that {fields.get('address')} is at {fields.get('mac')}"


def _arp_conflict(host: str, fields: Mapping[str, Any], event: Event) -> str:
    return f"{host} heard {fields.get('mac')} use its own address {fields.get('address')}"


def _claim(host: str, fields: Mapping[str, Any], event: Event) -> str:
    way = f"{fields.get('from')} to {fields.get('to')} ({fields.get('on')})"
    return f"{host}'s claim of {fields.get('address')} went from {way}"


def _power_cut(host: str, fields: Mapping[str, Any], event: Event) -> str:
    return f"the power of {host} was cut"


def _icmp_error(host: str, fields: Mapping[str, Any], event: Event) -> str:
    return (
        f"{host} heard from {fields.get('from')}: {fields.get('message')}, of {fields.get('about')}"
    )


def _path_mtu(host: str, fields: Mapping[str, Any], event: Event) -> str:
    mtu, dst = fields.get("mtu"), fields.get("dst")
    if mtu is None:
        return f"{host} forgot how narrow the path to {dst} was"
    return f"{host} took the path to {dst} to carry no more than {mtu} bytes"


def _mac(host: str, fields: Mapping[str, Any], event: Event) -> str:
    return f"{host}'s MAC table: {fields.get('address')} by {fields.get('port')}, {fields.get('state')}"


def _carrier(host: str, fields: Mapping[str, Any], event: Event) -> str:
    return f"{fields.get('interface')} of {host} is {fields.get('state')}"


def _collision(host: str, fields: Mapping[str, Any], event: Event) -> str:
    late = "late " if fields.get("late") else ""
    if "frame" not in fields:
        return f"signals met at {host}"
    return f"{host} heard a {late}collision of frame {fields['frame']}, attempt {fields.get('attempt')}"


def _backoff(host: str, fields: Mapping[str, Any], event: Event) -> str:
    return (
        f"{host} backed off for {fields.get('slots')} slots after attempt {fields.get('attempt')}"
    )


def _cwnd(host: str, fields: Mapping[str, Any], event: Event) -> str:
    return (
        f"{host} set cwnd to {fields.get('cwnd')} bytes, ssthresh {fields.get('ssthresh')}"
        f"{_on(fields)}"
    )


def _rto(host: str, fields: Mapping[str, Any], event: Event) -> str:
    rto = fields.get("rto")
    timeout = show_time(rto) if isinstance(rto, int) else rto
    return f"{host} set its retransmission timeout to {timeout}{_on(fields)}"


def _window(host: str, fields: Mapping[str, Any], event: Event) -> str:
    return f"{host} heard of a window of {fields.get('snd_wnd')} bytes{_on(fields)}"


def _timer_set(host: str, fields: Mapping[str, Any], event: Event) -> str:
    at = fields.get("at")
    when = f" to fire at {show_time(at)}" if isinstance(at, int) else ""
    return f"{_timer(host, fields)} was set{when}"


def _timer_cancelled(host: str, fields: Mapping[str, Any], event: Event) -> str:
    return f"{_timer(host, fields)} was stopped"


def _timer_fired(host: str, fields: Mapping[str, Any], event: Event) -> str:
    return f"{_timer(host, fields)} fired"


def _call(host: str, fields: Mapping[str, Any], event: Event) -> str:
    arguments = ", ".join(map(repr, fields.get("arguments", ())))
    return f"{host} called {fields.get('call')}({arguments})"


def _return(host: str, fields: Mapping[str, Any], event: Event) -> str:
    value = fields.get("value")
    return f"{fields.get('call')}() returned{'' if value is None else f' {value}'} on {host}"


def _program(host: str, fields: Mapping[str, Any], event: Event) -> str:
    return (
        f"the program {fields.get('program', '')} {event.kind.removeprefix('program ')} on {host}"
    )


def _other(host: str, fields: Mapping[str, Any], event: Event) -> str:
    values = ", ".join(f"{name} {value}" for name, value in fields.items())
    return f"{event.kind} on {host}" + (f" ({values})" if values else "")


_WORDS: dict[str, Callable[[str, Mapping[str, Any], Event], str]] = {
    "delivered": _delivered,
    "dropped": _dropped,
    "discarded": _discarded,
    "arp": _arp,
    "arp refused": _arp_refused,
    "arp conflict": _arp_conflict,
    "claim": _claim,
    "power cut": _power_cut,
    "mac": _mac,
    "carrier": _carrier,
    "collision": _collision,
    "backoff": _backoff,
    "state": _state,
    "icmp error": _icmp_error,
    "path mtu": _path_mtu,
    "cwnd": _cwnd,
    "rto": _rto,
    "window": _window,
    "timer set": _timer_set,
    "timer cancelled": _timer_cancelled,
    "timer fired": _timer_fired,
    "call": _call,
    "return": _return,
    "program started": _program,
    "program ended": _program,
    "program failed": _program,
}
