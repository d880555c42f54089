"""Tahoe: fast retransmit without fast recovery, as 4.3BSD-Tahoe had it in 1988."""

from netlab.transport.tcp.congestion.reno import Reno


class Tahoe(Reno):
    """Reno that answers every loss, however it was noticed, with slow start from one segment."""

    name = "tahoe"
    fast_recovery = False

    def loss_detected(self, flight: int) -> None:
        self.timed_out(flight)

    def congestion_marked(self, flight: int) -> None:
        self.timed_out(flight)
