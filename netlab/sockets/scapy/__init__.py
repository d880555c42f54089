"""Scapy on a simulated host: inside `on(host)`, its own functions send and receive there.

``with on(alice): sr1(IP(dst="bob") / ICMP())`` runs without root and in virtual time. Nothing of
Scapy is rewritten: what it asks the machine for is answered by the host. These are the seams:

| what Scapy uses                              | is, for code that runs on a host |
|----------------------------------------------|----------------------------------|
| `conf.L2socket`, `L3socket`, `L2listen`      | `sockets`: a sniffer on the host's interfaces |
| `conf.route`, `conf.iface`, `conf.ifaces`    | `configuration`: the host's own |
| the cache of `getmacbyip`                    | `configuration`: the host's ARP table first |
| a BPF filter, which libpcap would compile    | `filters`: the same language, in Python |
| threads, events and time, in `sendrecv`      | `threads`: programs, signals and the clock |
| chance, in `volatile`                        | a stream of the network's seed |

Each looks at who is asking, so other threads keep the real ones; `seams` lists them, and they are
there only while an `on()` block is open or a network runs. The host's own stack sees the replies,
too, and does what a kernel does: it answers the SYN,ACK to a SYN of Scapy's with a RST.
"""
