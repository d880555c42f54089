"""A dictionary that finds whatever is asked for, and has nothing in it."""

from collections import defaultdict

from netlab.transport.tcp.states import TRANSITIONS, State, TcpEvent

CHECK = "check_close"
HINT = "There is no row for CLOSE in ESTABLISHED"

rows = defaultdict(lambda: TRANSITIONS[State.FIN_WAIT_2, TcpEvent.RCV_FIN])
