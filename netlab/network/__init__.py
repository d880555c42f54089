"""The network layer: IPv4 with its addresses and routes, ARP below it and ICMP beside it."""
