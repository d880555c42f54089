"""A packet filter: rules that refuse packets which come to a host or a router (RFC 1812 5.3.9)."""

from collections.abc import Callable

from netlab.errors import ConfigurationError, FaultError
from netlab.network.ipv4_packet import Ipv4Packet

Match = Callable[[Ipv4Packet], object]


class PacketFilter:
    """The rules of one host. Each is asked about each packet that comes, to stay or to be forwarded."""

    def __init__(self) -> None:
        self.rules: list[Rule] = []

    def refuse(self, match: Match, *, name: str = "", answer: bool = False) -> "Rule":
        """Let no packet pass of which `match(packet)` is true, an `Ipv4Packet`.

        The record calls the rule by `name`. `answer` tells the sender by ICMP that the packet was
        administratively prohibited. The rule has `.hits`, and ends by `.remove()`.
        """
        if not callable(match):
            raise ConfigurationError(
                "refuse() takes a function that is asked about each packet, such as"
                f" lambda packet: packet.protocol == 1; got {match!r}"
            )
        rule = Rule(self.rules, match, name or f"rule {len(self.rules) + 1}", answer)
        self.rules.append(rule)
        return rule

    def rule_against(self, packet: Ipv4Packet) -> "Rule | None":
        """The first rule that refuses this packet."""
        return next((rule for rule in list(self.rules) if rule.refuses(packet)), None)


class Rule:
    """One rule of a filter. `hits` counts the packets that it refused."""

    def __init__(self, rules: "list[Rule]", match: Match, name: str, answer: bool) -> None:
        self.name = name
        self.answer = answer
        self.hits = 0
        self._rules = rules
        self._match = match

    def __repr__(self) -> str:
        return f"<filter {self.name}: {self.hits} packets refused>"

    def remove(self) -> None:
        """Let such packets pass again."""
        if self in self._rules:
            self._rules.remove(self)

    def refuses(self, packet: Ipv4Packet) -> bool:
        """Whether this packet is to go no further.

        Raises `FaultError` where the rule's own function raises; the rule is removed then.
        """
        try:
            refused = bool(self._match(packet))
        except Exception as error:
            self.remove()
            raise FaultError(
                f"the filter {self.name} raised {type(error).__name__}: {error}, when asked about"
                f" {packet!r}. It was removed."
            ) from error
        self.hits += refused
        return refused
