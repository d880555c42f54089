# %% [markdown]
# # Exercise 07 · The client's half of TCP
#
# TCP decides what to do with the help of one table. For each state and each event the table says three things: what is done, in which order; which state comes next; and where RFC 9293 demands it. In this exercise the rows of the client are missing. You write them.
#
# **When you are done, you can**
#
# - write down the life of a TCP client, from `CLOSED` to `CLOSED`, and say why each step is there;
# - tell what two sides do that open, or close, at the same moment;
# - show on a bad cable what `TIME_WAIT` is for.
#
# Your rows become a part of Alice's TCP. Bob, at the other end of the cable, has a complete one. If you are unsure what a state means, look at lesson 07 again.

# %%
from netlab.checks import handshake
from netlab.transport.tcp.states import Action, State, TcpEvent, Transition
from netlab.views.states import StateDiagram

# %% [markdown]
# ## How a row is written
#
# This is a row of the server's half, which is given: a SYN comes in `LISTEN`. The server sends a SYN,ACK and goes to `SYN_RCVD`; section 3.10.7.2 of RFC 9293 says so. The picture is drawn from the row.

# %%
example = {}
example[State.LISTEN, TcpEvent.RCV_SYN] = Transition(
    actions=(Action.SEND_SYN_ACK,), next=State.SYN_RCVD, section="3.10.7.2"
)
StateDiagram(example)

# %% [markdown]
# - **Actions are done in their order.** Segments are sent first; then timers are started, and the user is told.
# - Where nothing is done, write `actions=()`. A single action has a comma behind it: `(Action.SEND_ACK,)`.
# - `section` says where in RFC 9293 the row is written. It is for whoever reads your table, and isn't marked.
# - Acknowledgments of data, and repeating what got lost, are not in the table. TCP's other parts take care of them.
#
# These are all actions and all events that there are. You need some of them.

# %%
{each.name: each.value for each in Action}

# %%
{each.name: each.value for each in TcpEvent}

# %% [markdown]
# ## Task 1 · Open (2 points)
#
# **Input.** Alice's user calls `connect()`; for the table this is `ACTIVE_OPEN` in `CLOSED`. A moment later Bob's answer is there: `RCV_SYN_ACK` in `SYN_SENT`.
#
# **Goal.** Two rows. The three-way handshake takes place, and `connect()` returns when the connection is open.
#
# **Example.** On a good cable one sees SYN, SYN,ACK, ACK. To read: RFC 9293, sections 3.10.1 and 3.10.7.3.

# %% nbgrader={"grade": false, "grade_id": "open", "locked": false, "schema_version": 3, "solution": true, "task": false}
opening = {}

### BEGIN SOLUTION
opening[State.CLOSED, TcpEvent.ACTIVE_OPEN] = Transition(
    actions=(Action.SEND_SYN,), next=State.SYN_SENT, section="3.10.1"
)
opening[State.SYN_SENT, TcpEvent.RCV_SYN_ACK] = Transition(
    actions=(Action.SEND_ACK, Action.REPORT_OPEN), next=State.ESTABLISHED, section="3.10.7.3"
)
### END SOLUTION

# %% [markdown]
# The check lets Alice connect on a good cable and on bad ones. If it fails, it tells what happened, step by step; read the story first, then the hint.

# %% nbgrader={"grade": true, "grade_id": "check-open", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
handshake.check_open(opening)
### BEGIN HIDDEN TESTS
assert handshake.check_open(opening, seeds=range(100, 150))
### END HIDDEN TESTS

# %% [markdown]
# ## Task 2 · Close (4 points)
#
# **Input.** Alice closes first. In order: `CLOSE` in `ESTABLISHED`; the ACK of her FIN; Bob's FIN, as late as he likes; and the end of the wait, `TIMEOUT_2MSL`.
#
# **Goal.** Four rows. Each side can send until it has closed by itself; Bob's FIN is answered; and at the end nothing is left of the connection, not a moment too early.
#
# **Example.** On a good cable one sees FIN, ACK, FIN, ACK, and four minutes later Alice is in `CLOSED`. To read: sections 3.6, 3.10.4, 3.10.7.4 and 3.10.8.

# %% nbgrader={"grade": false, "grade_id": "close", "locked": false, "schema_version": 3, "solution": true, "task": false}
closing = {}

### BEGIN SOLUTION
closing[State.ESTABLISHED, TcpEvent.CLOSE] = Transition(
    actions=(Action.SEND_FIN,), next=State.FIN_WAIT_1, section="3.10.4"
)
closing[State.FIN_WAIT_1, TcpEvent.RCV_ACK_OF_FIN] = Transition(
    actions=(), next=State.FIN_WAIT_2, section="3.10.7.4"
)
closing[State.FIN_WAIT_2, TcpEvent.RCV_FIN] = Transition(
    actions=(Action.SEND_ACK, Action.START_2MSL), next=State.TIME_WAIT, section="3.10.7.4"
)
closing[State.TIME_WAIT, TcpEvent.TIMEOUT_2MSL] = Transition(
    actions=(Action.DELETE_TCB,), next=State.CLOSED, section="3.10.8"
)
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check-close", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
handshake.check_close(closing)
### BEGIN HIDDEN TESTS
assert handshake.check_close(closing, seeds=range(200, 250))
### END HIDDEN TESTS

# %% [markdown]
# ## Task 3 · Both at once (3 points)
#
# **Input.** Bob may have the same idea as Alice at the same moment. When both connect, their SYNs cross: Alice waits for a SYN,ACK, and a SYN without an ACK comes. When both close, their FINs cross: Alice waits for the ACK of her FIN, and Bob's FIN comes first.
#
# **Goal.** Three rows: one for the SYNs that cross, two for the FINs. When both connect, *one* connection comes about, not two. When both close, neither side forgets the other's FIN.
#
# **Example.** After the SYNs have crossed, both sides send SYN,ACK. What Alice does when Bob's SYN,ACK comes then is given: it acknowledges her SYN in `SYN_RCVD`. To read: sections 3.5, 3.6, 3.10.7.3 and 3.10.7.4.

# %% nbgrader={"grade": false, "grade_id": "cross", "locked": false, "schema_version": 3, "solution": true, "task": false}
crossing = {}

### BEGIN SOLUTION
crossing[State.SYN_SENT, TcpEvent.RCV_SYN] = Transition(
    actions=(Action.SEND_SYN_ACK,), next=State.SYN_RCVD, section="3.10.7.3"
)
crossing[State.FIN_WAIT_1, TcpEvent.RCV_FIN] = Transition(
    actions=(Action.SEND_ACK,), next=State.CLOSING, section="3.10.7.4"
)
crossing[State.CLOSING, TcpEvent.RCV_ACK_OF_FIN] = Transition(
    actions=(Action.START_2MSL,), next=State.TIME_WAIT, section="3.10.7.4"
)
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check-cross", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
handshake.check_crossing(crossing)
### BEGIN HIDDEN TESTS
assert handshake.check_crossing(crossing, seeds=range(300, 350))
### END HIDDEN TESTS

# %% [markdown]
# ## Task 4 · The last ACK is lost (1 point)
#
# **Input.** Alice is in `TIME_WAIT`, and Bob's FIN comes a second time.
#
# **Goal.** One row. Bob can leave `LAST_ACK`, however often the ACK gets lost.
#
# **Example.** When the first ACK of his FIN is lost, Bob repeats the FIN after a second. To read: section 3.10.7.4, the eighth check.

# %% nbgrader={"grade": false, "grade_id": "wait", "locked": false, "schema_version": 3, "solution": true, "task": false}
waiting = {}

### BEGIN SOLUTION
waiting[State.TIME_WAIT, TcpEvent.RCV_FIN] = Transition(
    actions=(Action.SEND_ACK, Action.START_2MSL), next=State.TIME_WAIT, section="3.10.7.4"
)
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check-wait", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
handshake.check_waiting(waiting)
### BEGIN HIDDEN TESTS
assert handshake.check_waiting(waiting, seeds=range(400, 450))
### END HIDDEN TESTS

# %% [markdown]
# ## All of it, on a hostile cable (2 points)
#
# Now all of your rows work together, also on a cable that loses every fifth frame, delivers some twice and lets others overtake each other. There is nothing to write here.

# %% nbgrader={"grade": true, "grade_id": "check-client", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
handshake.check_client(opening, closing, crossing, waiting, seeds=range(10))
### BEGIN HIDDEN TESTS
assert handshake.check_client(opening, closing, crossing, waiting, seeds=range(500, 600))
### END HIDDEN TESTS

# %% [markdown]
# ## Your TCP at work
#
# Nothing below is marked. `handshake.complete` adds the given rows to yours, and `alice.use` puts the whole table into her. Then ordinary Python runs on your TCP.

# %%
import socket

from netlab import Network, on
from netlab.units import ms

table = handshake.complete(opening, closing, crossing, waiting)


# %%
def echo(host):
    listener = host.socket()
    listener.bind(("", 7))
    listener.listen()
    conversation, _ = listener.accept()
    while data := conversation.recv(100):
        conversation.sendall(data)
    conversation.close()


# %%
net = Network(seed=7)
alice = net.host("alice", "10.0.0.1/24")
bob = net.host("bob", "10.0.0.2/24")
cable = net.connect(alice, bob, delay=10 * ms)
alice.use(transitions=table)
bob.start(echo)

with on(alice), socket.create_connection(("bob", 7)) as conversation:
    connection = alice.tcp.connections[0]
    conversation.sendall(b"my own TCP")
    print(conversation.recv(100))
net.run()

# %%
StateDiagram(table, connection.path, "Alice, by your table")

# %%
net.trace.sequence()

# %% [markdown]
# **Try it out.** Break the cable before the connection begins, with `cable.drop(lambda f: f.tcp and f.tcp.fin, times=1)` for example. Predict the path first. Or take a row out of `table` and look how far Alice gets without it.
#
# **To think about.** Bob closes second, and goes from `LAST_ACK` straight to `CLOSED`. Why must Alice wait for four minutes, and why needn't he?
