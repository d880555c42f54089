# %% [markdown]
# # 07 · The handshake and the close
#
# A TCP connection is nothing on the wire. It is two notes, one in each computer, that agree on a few numbers. Opening a connection means: write both notes, and make sure that they agree. Closing it means: tear both up, and make sure that neither side waits for ever.
#
# **When you are done, you can**
#
# - tell the three-way handshake and the four-way close step by step, with the sequence numbers and the state of each end;
# - say why three, and why four;
# - give both reasons for `TIME_WAIT`, and show what goes wrong without it;
# - predict what happens when any one of these segments is lost.
#
# If you haven't seen netlab before, begin with [00 · The tour](00-tour.ipynb).

# %% [markdown]
# ## The story that we will watch
#
# Bob runs an echo server: what he receives he sends back. Alice connects, says `hello`, reads the echo, and closes. This is ordinary Python with ordinary sockets.

# %%
import socket
import time

from netlab import experiment, on
from netlab.units import Mbps, minute, ms, s


def two_hosts(net):
    alice = net.host("alice", "10.0.0.1/24")
    bob = net.host("bob", "10.0.0.2/24")
    return alice, bob, net.connect(alice, bob, delay=10 * ms, rate=10 * Mbps)


# %%
def echo(host):
    listener = host.socket()
    listener.bind(("", 7))
    listener.listen()
    conversation, peer = listener.accept()
    while data := conversation.recv(1000):
        conversation.sendall(data)
    conversation.close()


# %%
@experiment
def talk(net):
    alice, bob, cable = two_hosts(net)
    bob.start(echo)
    with on(alice), socket.create_connection(("bob", 7)) as conversation:
        conversation.sendall(b"hello")
        return conversation.recv(5)


run = talk(seed=7)
run.result

# %% [markdown]
# ## 1 · The three-way handshake
#
# `connect` makes Alice's TCP send a segment with the flag `SYN`; three segments later the connection is open. Frames 1 and 2 are ARP, so the handshake is in frames 3 to 5. This time the sequence numbers are shown as they are on the wire.

# %%
run.trace.sequence(first=3, last=6, relative=False)

# %% [markdown]
# Each side chooses a number to start counting from. Call Alice's number **J** and Bob's number **K**.
#
# 1. **First handshake.** Alice sets `SYN`, chooses J, and sends `seq=J`. She enters **SYN_SENT** and waits for Bob to confirm.
# 2. **Second handshake.** Bob sees `SYN=1`: Alice wants a connection. He sets both `SYN` and `ACK`, confirms with `ack=J+1`, chooses K, sends `seq=K`, and enters **SYN_RCVD**.
# 3. **Third handshake.** Alice checks that `ack` is J+1 and `ACK` is 1. If so, she confirms with `ack=K+1` and enters **ESTABLISHED**. Bob checks that `ack` is K+1, and is **ESTABLISHED** too.
#
# **Predict:** J and K are large numbers. Why is the confirmation J+1, when no byte of data was sent yet?

# %%
syn, syn_ack, ack = (run.trace.frame(number).tcp for number in (3, 4, 5))
J, K = syn.seq, syn_ack.seq
print("J =", J, "  K =", K)
print("Bob confirms J+1:", syn_ack.ack == J + 1, "  Alice confirms K+1:", ack.ack == K + 1)

# %% [markdown]
# A `SYN` takes one sequence number of its own, as if it were a byte. So it can be confirmed, and be repeated when it is lost, just like data (RFC 9293, section 3.4).
#
# Are J and K random? Nearly. They come from a clock that ticks every four microseconds, plus a secret number for each pair of addresses and ports (RFC 6528). The clock makes sure that a new connection starts above an old one; the secret makes sure that nobody can guess.

# %% [markdown]
# ### What does Bob know after each segment?
#
# **Predict:** Bob's answer, frame 4, was caused by what? And which rule made him send it?

# %%
run.trace.why(4)

# %% [markdown]
# ## 2 · Why three?
#
# Could two do? Alice says `SYN`, Bob says `SYN,ACK`, and both are open. The network makes this dangerous: it may hold a segment back and deliver it much later.
#
# Let us hold one back. Alice's first `SYN` gets stuck for five minutes somewhere. She repeats it after a second, talks to Bob, and closes; everything is long over when the old `SYN` arrives.
#
# **Predict:** what will Bob do with the old `SYN`? How will he find out that nobody wants to talk to him?


# %%
@experiment
def stuck_syn(net):
    alice, bob, cable = two_hosts(net)
    cable.delay(lambda f: f.tcp and f.tcp.syn, times=1, by=5 * minute)
    bob.start(echo)
    with on(alice):
        socket.create_connection(("bob", 7)).close()


old = stuck_syn(seed=7)
old.trace.sequence()

# %% [markdown]
# Look at the end. Bob can't see that the `SYN` is old, so he answers it and enters `SYN_RCVD`. But his answer isn't the end of it: he waits for the *third* segment. Alice, who knows of no such connection, sends `RST` instead, and Bob goes back to `LISTEN`.
#
# With only two segments Bob would now be `ESTABLISHED`, and would keep memory for a talk that nobody wants. So each side must confirm the other's number: J has to go and come back, K has to go and come back. That is four messages, and two of them fit into one segment. Four minus one is three.

# %% [markdown]
# ### And if the third one is lost?
#
# **Predict:** Alice thinks that the connection is open, Bob doesn't know yet. We lose frame 5. Who repeats what?

# %%
lost_ack = run.what_if(lambda net: net.links[0].drop(frame=5))
lost_ack.trace.sequence(first=3, last=9)

# %% [markdown]
# Nobody repeats it, and nobody needs to. Every segment after the `SYN` carries an `ACK`: Alice's next one, with `hello`, confirms K+1 as well, and Bob is `ESTABLISHED` by that. An acknowledgment is never acknowledged, and never repeated for its own sake.

# %% [markdown]
# ## 3 · The four-way close
#
# Now the other end of the story. Alice closes first.

# %%
run.trace.sequence(first=8, last=11)

# %% [markdown]
# 1. **First wave.** Alice sends `FIN`: from me comes no more. She enters **FIN_WAIT_1**.
# 2. **Second wave.** Bob confirms with the `FIN`'s number plus one, because a `FIN` takes one sequence number, just as a `SYN` does. He enters **CLOSE_WAIT**; when his `ACK` arrives, Alice is in **FIN_WAIT_2**.
# 3. **Third wave.** Bob closes too and sends his `FIN`. He enters **LAST_ACK**.
# 4. **Fourth wave.** Alice confirms it and enters **TIME_WAIT**. Bob receives that and is **CLOSED**. Alice is `CLOSED` only after two *maximum segment lifetimes*, 2 MSL: two times two minutes.
#
# Here are both paths through the state machine.

# %%
run.trace.states("alice")

# %%
run.trace.states("bob")

# %% [markdown]
# ## 4 · Why four?
#
# When Bob gets Alice's `FIN`, he knows only that *Alice* has no more to say. He may have. So his `ACK` goes at once, and his `FIN` when he is ready. In between he can still send:


# %%
def slow_answer(host):
    listener = host.socket()
    listener.bind(("", 7))
    listener.listen()
    conversation, peer = listener.accept()
    while conversation.recv(100):
        pass  # until Alice's FIN
    conversation.sendall(b"first")
    time.sleep(0.1)
    conversation.sendall(b" and second")
    conversation.close()


# %%
@experiment
def half_close(net):
    alice, bob, cable = two_hosts(net)
    bob.start(slow_answer)
    with on(alice), socket.create_connection(("bob", 7)) as conversation:
        conversation.sendall(b"tell me all")
        conversation.shutdown(socket.SHUT_WR)  # I have finished; I still listen
        return conversation.makefile().read()


half = half_close(seed=7)
half.result

# %%
half.trace.sequence(first=6)

# %% [markdown]
# `shutdown(SHUT_WR)` closes one direction and leaves the other open: a *half-close*. In the handshake Bob had nothing to wait for, so his `SYN` could ride on his `ACK`. Here his `FIN` can't, unless he has nothing more to say.
#
# A close can take three segments too. When Bob has nothing more to say at the moment when Alice's `FIN` arrives, his `FIN` may ride on his `ACK`. TCP may also hold the `ACK` back a little, and wait for such company.

# %% [markdown]
# ## 5 · TIME_WAIT, the first reason: the last ACK may get lost
#
# The last `ACK` of the close is special: nothing follows it. If it is lost, Bob has no other way to learn that Alice got his `FIN`.
#
# **Predict:** we lose the last `ACK`. What does Bob do? Who can answer him?


# %%
def last_ack(frame):
    return frame.id > 9 and frame.sender == "alice" and frame.tcp and frame.tcp.flags_text == "ACK"


patient = run.what_if(lambda net: net.links[0].drop(last_ack, times=1))
patient.trace.sequence(first=8)

# %% [markdown]
# Bob repeats his `FIN` after a second. Alice is still there, in `TIME_WAIT`, and confirms it again. Both sides end in `CLOSED`, in good order.
#
# Now switch `TIME_WAIT` off, so that Alice forgets the connection at once, and lose the same segment.
#
# **Predict:** what will Bob's `FIN` meet this time?


# %%
def impatient(net):
    net.hosts["alice"].tcp.settings.time_wait = False
    net.links[0].drop(last_ack, times=1)


hasty = run.what_if(impatient)
hasty.trace.sequence(first=8)

# %% [markdown]
# Alice knows no such connection any more, and answers `RST`. No byte is lost here, but Bob's TCP has to report an error for a talk that went well. That isn't what *reliable* means.

# %%
patient.compare(hasty)

# %% [markdown]
# ## 6 · TIME_WAIT, the second reason: old segments may still be under way
#
# A connection is known by four numbers: both addresses and both ports, the **socket pair**. If Alice opens a new connection from the same port, it has the same socket pair as the old one. A segment of the old connection that was late would now belong to the new one!
#
# Two safeguards stand against it: `TIME_WAIT`, which keeps the socket pair busy until all old segments must be gone, and initial numbers that move on with the clock. We take both away, and let the bank of Bob listen.

# %%
heard = []


def bank(host):
    listener = host.socket()
    listener.bind(("", 7))
    listener.listen()
    while True:
        conversation, peer = listener.accept()
        heard.append(conversation.recv(100))
        conversation.recv(100)  # until the FIN
        conversation.close()


# %%
def pay(host, order, wait):
    payment = host.socket()
    payment.bind(("", 40000))  # the same port each time
    payment.connect(("bob", 7))
    time.sleep(wait)
    payment.sendall(order)
    time.sleep(1.5)
    payment.close()
    time.sleep(0.5)


# %%
@experiment
def two_payments(net, careless=True):
    alice, bob, cable = two_hosts(net)
    for host in (alice, bob):
        host.tcp.settings.time_wait = not careless
        host.tcp.settings.isn = 1000 if careless else None
    cable.delay(lambda f: f.tcp and f.tcp.payload, times=1, by=3 * s)
    bob.start(bank, daemon=True)
    with on(alice):
        pay(alice, b"PAY 100", wait=0)
        pay(alice, b"PAY 005", wait=2)


# %% [markdown]
# Alice first pays 100, then 5. The first segment with `PAY 100` is three seconds late; Alice repeats it after one second, as she should.
#
# **Predict:** which two payments does the bank hear?

# %%
heard.clear()
careless = two_payments(seed=7)
heard

# %%
careless.trace.sequence(first=6)

# %% [markdown]
# The bank heard `PAY 100` twice, and never `PAY 005`. Follow the long arrow of frame 6: it was sent in the first connection and arrived in the second. It fell exactly into the window there, and Bob had no way to see that it is old. Worse: Alice's true `PAY 005` then looked like a repetition, and was thrown away, and confirmed. *Both sides believe that all went well.*
#
# With `TIME_WAIT` on, the second `bind` is refused, because the socket pair is still in use:

# %%
try:
    two_payments(seed=7, careless=False)
except OSError as error:
    print(error)

# %% [markdown]
# A *maximum segment lifetime* is how long a segment can live in the network; RFC 9293 says two minutes. After 2 MSL the last `ACK` has had time to arrive, and a `FIN` that was sent again has had time to come back (the first reason), and all old segments are dead (the second).

# %% [markdown]
# ## 7 · At the bench
#
# Now it is your turn. Step through the talk, and lose what you like. The state machine lights up as you go; *Back* shows the state as it was.
#
# **Try:** drop the `SYN`. Drop the `SYN,ACK`. Drop the first `FIN`. Each time, say first who will repeat what, and after how long. (Answers are below the quiz.)

# %%
from netlab.widgets import Bench

Bench(talk, seed=7)

# %% [markdown]
# ## What you have seen
#
# - **Three**, because each side must choose a number and have it confirmed, and Bob's confirmation and his own `SYN` fit into one segment.
# - **Four**, because each direction is closed by itself, and there may be data between Bob's `ACK` and his `FIN`.
# - **TIME_WAIT**, because the last `ACK` may be lost, and because old segments may still be under way. Both reasons need 2 MSL.
# - `SYN` and `FIN` each take one sequence number, so that they can be confirmed and repeated.
#
# ## Quiz
#
# 1. Alice sent `SYN` with `seq=J` and now gets a `SYN,ACK` with `ack=J`. What is wrong with it, and what will she do?
# 2. Who waits in `TIME_WAIT`: the server, the client, or the one who closed first?
# 3. The third segment of the handshake is lost and Alice has nothing to send. What happens?
# 4. After how many seconds does Alice repeat her first `SYN`, if nothing comes back? And the next one?
#
# <details><summary>Answers</summary>
#
# 1. It confirms nothing that she has sent: it should be J+1. She answers with `RST` and stays in `SYN_SENT` (RFC 9293, 3.10.7.3).
# 2. The one who closed first. Here that was the client, but it can be either side, and both if they close at once.
# 3. Bob stays in `SYN_RCVD`, and his retransmission timer repeats the `SYN,ACK` after a second. Alice answers it with an `ACK`.
# 4. After one second, and then after two more: the timeout starts at one second and is doubled each time (RFC 6298).
#
# At the bench: without the `SYN`, Alice repeats it after one second. Without the `SYN,ACK`, both sides repeat after a second what isn't acknowledged: Alice her `SYN`, Bob his `SYN,ACK`. Without her `FIN`, Alice repeats it after a second; Bob still waits for more data, and knows nothing of it.
#
# </details>
#
# ## Next
#
# **Exercise 07** gives you TCP's transition table with the client's rows missing. You fill them in, and your table runs against a complete TCP at the other end, over good cables and bad ones: [exercises/07-handshake](../exercises/07-handshake/07-handshake.ipynb).
