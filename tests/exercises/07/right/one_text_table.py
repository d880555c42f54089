"""One table as text, which serves for all tasks: each check takes from it what is its own."""

from netlab.transport.tcp.states import Action, State, TcpEvent, Transition

TABLE = """
CLOSED       ACTIVE_OPEN     SYN_SENT     SEND_SYN
SYN_SENT     RCV_SYN_ACK     ESTABLISHED  SEND_ACK REPORT_OPEN
SYN_SENT     RCV_SYN         SYN_RCVD     SEND_SYN_ACK
ESTABLISHED  CLOSE           FIN_WAIT_1   SEND_FIN
FIN_WAIT_1   RCV_ACK_OF_FIN  FIN_WAIT_2
FIN_WAIT_1   RCV_FIN         CLOSING      SEND_ACK
FIN_WAIT_2   RCV_FIN         TIME_WAIT    SEND_ACK START_2MSL
CLOSING      RCV_ACK_OF_FIN  TIME_WAIT    START_2MSL
TIME_WAIT    RCV_FIN         TIME_WAIT    SEND_ACK START_2MSL
TIME_WAIT    TIMEOUT_2MSL    CLOSED       DELETE_TCB
"""

rows = {}
for line in TABLE.strip().splitlines():
    state, event, then, *actions = line.split()
    rows[State[state], TcpEvent[event]] = Transition(
        tuple(Action[each] for each in actions), State[then], "3.10"
    )

opening = closing = crossing = waiting = rows
