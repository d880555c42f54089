"""NewReno: several losses in one window are mended in one recovery (RFC 6582)."""

from netlab.transport.tcp.congestion.reno import Reno


class NewReno(Reno):
    """Reno that stays in fast recovery until all that was under way at its start is acknowledged."""

    name = "newreno"
    one_loss_a_recovery = False

    def partial_ack(self, count: int) -> None:
        # Deflate by what has left the network, and make room for the next retransmission
        # (section 3.2, step 3).
        self.cwnd = max(self.cwnd - count, 0) + self.mss
