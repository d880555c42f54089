# %% [markdown]
# # 00 · The tour: one web page, four layers
#
# You type an address, a page appears. Between the two, about a dozen packets cross the wire, and each of them is there for a reason. In this notebook you fetch one page and look at all of them.
#
# **When you are done, you can**
#
# - build a small network in five lines and fetch a page through it with Python's own `urllib`;
# - name the four layers of TCP/IP and find each of them in the bytes of one packet;
# - read a sequence diagram, and ask of any packet *why was this sent?*;
# - lose a packet on purpose, and say how TCP repairs it.
#
# Nothing here touches a real network. Two computers, a cable and all their protocols live in this Python process, in *virtual time*: two minutes there may take a millisecond here. So nothing can break, and everything can be repeated.
#
# Run each cell with **Shift+Enter**, from top to bottom. Questions marked **Predict** are for you: answer before you run the next cell.

# %% [markdown]
# ## 1 · Two computers and a cable
#
# We need two hosts, and a cable that carries 10 million bits each second and takes 10 milliseconds from end to end.

# %%
from netlab import Network, experiment, on
from netlab.application.http import serve
from netlab.units import Mbps, ms

net = Network(seed=7)
alice = net.host("alice", "10.0.0.1/24")
bob = net.host("bob", "10.0.0.2/24")
cable = net.connect(alice, bob, delay=10 * ms, rate=10 * Mbps)

# %% [markdown]
# Bob becomes a web server with one page. Alice has nothing but Python: `urllib` is a part of every Python, and it doesn't know that it isn't on the Internet. `with on(alice)` lends it Alice's network.

# %%
import urllib.request

serve(bob, {"/": "<h1>Hello from bob</h1>"})

with on(alice):
    page = urllib.request.urlopen("http://bob/").read()

page

# %% [markdown]
# The page is here. `net.run()` lets everything else happen that is still to happen, such as saying goodbye. The clock of the network is in nanoseconds; `net.now` tells what it shows.
#
# **Predict:** how many frames crossed the cable for these 23 bytes? Write your number down.

# %%
net.run()
trace = net.trace
len(trace.frames), net.now / 1e9

# %% [markdown]
# Eleven frames, and the clock stands at four minutes: after the goodbye both sides waited two times two minutes. Lesson 07 tells why.

# %% [markdown]
# ## 2 · All of them
#
# This is what an analyser such as Wireshark shows: one line for each frame.

# %%
trace.packets()

# %% [markdown]
# A list hides what matters most: who waited for whom. A **sequence diagram** shows it. Each computer is a vertical line, and time runs downwards. An arrow slopes because a frame needs time to arrive. Beside the lines stand the *states* of both ends of the connection.

# %%
trace.sequence()

# %% [markdown]
# Read it once from top to bottom:
#
# 1. **Who is there?** Alice knows Bob's IP address, but a cable carries Ethernet frames, and they need an Ethernet address. She asks everybody (*ARP*), and Bob answers.
# 2. **Shall we talk?** Three segments open a connection: `SYN`, `SYN,ACK`, `ACK`. This is the *three-way handshake*.
# 3. **The page.** One segment with the question `GET /`, one with the answer `200 OK`.
# 4. **Goodbye.** Each side says `FIN`, and each `FIN` is acknowledged: four segments, because each direction is closed by itself. Here both sides close at nearly the same moment, so the two `FIN`s cross on the cable. In lesson 07 one side closes first.
#
# Notebook 07 takes the second and the fourth apart.

# %% [markdown]
# ## 3 · Four layers in one packet
#
# TCP/IP is a family of protocols in four layers. Each layer does one job, uses the layer below it, and knows nothing of the layers above:
#
# | layer | its job | here |
# |---|---|---|
# | application | what the programs say to each other | HTTP |
# | transport | from program to program, complete and in order | TCP |
# | network | from computer to computer, across many links | IP, ICMP, ARP |
# | link | from one end of a wire to the other | Ethernet |
#
# On the wire a layer is a *header*: a few bytes in front of what the layer above wants to send. Frame 6 carries the question `GET /`.
#
# **Predict:** in which order do the four layers stand in the bytes of frame 6? Which comes first on the wire?

# %%
trace.packet(6)

# %% [markdown]
# The lowest layer comes first: Ethernet, then IP, then TCP, then the text of HTTP. It is a letter in an envelope in an envelope in an envelope. Bob opens them in this order, and each layer reads only its own.
#
# These are the true bytes. You can take any header apart in Python:

# %%
question = trace.frame(6)
print("link        ", question.ethernet.src, "to", question.ethernet.dst)
print("network     ", question.ipv4.src, "to", question.ipv4.dst, "ttl", question.ipv4.ttl)
print("transport   ", question.tcp.source_port, "to", question.tcp.destination_port)
print("application ", question.tcp.payload.splitlines()[0])

# %% [markdown]
# ## 4 · Why was this sent?
#
# A packet is never sent without a cause. Every event of a run knows which event caused it, and which rule of which standard (*RFC*) asked for it. So you can ask.
#
# **Predict:** frame 4 is Bob's `SYN,ACK`. What was its cause?

# %%
trace.why(4)

# %% [markdown]
# The chain goes back to what a program did: Alice called `connect`. Try other frames: change the number and run the cell again. Frame 1 is worth a look: it is an ARP frame, but its first cause is the same `connect`.

# %%
trace.why(1)

# %% [markdown]
# ## 5 · The state of a connection
#
# Each end of a connection remembers how far it has come. It is always in one of eleven **states**; what it sends or receives moves it to the next. The lit path is the one that Alice's end took.

# %%
trace.states(alice)

# %% [markdown]
# The picture is drawn from the same table that the connection executed: what you see is what ran. The last state before the end is `TIME_WAIT`. It lasted four minutes of the network's time, and no time of yours.

# %% [markdown]
# ## 6 · Break it
#
# A cable that always works teaches little. We want to run the same story again, with one thing changed. For that the story must be a function, an **experiment**:


# %%
@experiment
def fetch(net):
    alice = net.host("alice", "10.0.0.1/24")
    bob = net.host("bob", "10.0.0.2/24")
    net.connect(alice, bob, delay=10 * ms, rate=10 * Mbps)
    serve(bob, {"/": "<h1>Hello from bob</h1>"})
    with on(alice):
        return urllib.request.urlopen("http://bob/").read()


# %%
run = fetch(seed=7)
run

# %% [markdown]
# The same experiment with the same seed always gives the same bytes at the same nanosecond, on every machine. The fingerprints of two runs are equal:

# %%
fetch(seed=7).trace.digest() == run.trace.digest()

# %% [markdown]
# Now lose one frame: number 7, which carries the page.
#
# **Predict:** will Alice get her page? If so, how long will she wait: 20 milliseconds, one second, or for ever?

# %%
broken = run.what_if(lambda net: net.links[0].drop(frame=7))
broken.result

# %%
broken.trace.sequence()

# %% [markdown]
# She gets it, about one second later. Bob's `FIN`, frame 8, came without the page before it, so Alice noticed the hole, and said in frame 9 which byte she is waiting for. One such hint isn't enough for Bob to act on: the page might only have been overtaken. But when no acknowledgment of the page came for one second, he sent the same bytes again. That is what *reliable* means: TCP can't keep a packet from being lost, but it remembers what isn't acknowledged, and repeats it.
#
# Both runs side by side, with the place where they part:

# %%
run.compare(broken)

# %% [markdown]
# Ask why the repeated frame was sent. Find its number in the diagram above.

# %%
repeated = next(f for f in broken.trace.frames if "retransmission" in f.reason)
broken.trace.why(repeated)

# %% [markdown]
# ## 7 · Take the controls
#
# The **bench** runs the same experiment under your hands. Step from event to event, or let it play. Click on a frame in flight to drop, delay or double it; click on any frame to see its bytes and why it was sent. *Back* takes you back in time, and what you then see is the true state at that moment.
#
# **Try:** step until the `SYN` is in flight, drop it, and play on. How long does it take until Alice tries again? (One second: with nothing measured yet, that is how long TCP waits for an answer.)

# %%
from netlab.widgets import Bench

Bench(fetch, seed=7)

# %% [markdown]
# ## 8 · Out into the world
#
# A run can be saved as a capture, which Wireshark opens. The comments on the frames are the reasons that you have read here. `Trace.open` does the reverse: it opens any capture, of a real network too, and gives you these same pictures of it.

# %%
import tempfile
from pathlib import Path

from netlab import Trace

file = Path(tempfile.mkdtemp()) / "tour.pcapng"
trace.save(file)
Trace.open(file)

# %% [markdown]
# [Scapy](https://scapy.net) is the tool with which Python programmers take packets apart. The frames of a trace are Scapy's packets too:

# %%
trace.scapy()[5].show()

# %% [markdown]
# ## What you have seen
#
# - Four layers; each adds its header in front of what comes from above. On the wire the lowest comes first.
# - Before data there is a handshake, and before that ARP asks for an Ethernet address.
# - TCP numbers its bytes, waits for acknowledgments, and repeats what isn't acknowledged.
# - Each packet has a cause and a reason, and you can ask for both.
#
# ## Quiz
#
# Answer in your head, then open the answers.
#
# 1. Which layer knows that a page was asked for? Which only knows an Ethernet address?
# 2. Frame 1 is a broadcast: everybody on the link gets it. Why can't Alice just send it to Bob?
# 3. Frame 7 was lost. Who noticed, and by what?
# 4. Why does closing take four segments, when opening takes three?
#
# <details><summary>Answers</summary>
#
# 1. Only the application layer (HTTP) knows of pages. Ethernet, in the link layer, knows Ethernet addresses and nothing else.
# 2. To send a frame to Bob alone she needs Bob's Ethernet address. That is just what she is asking for.
# 3. Both, in their own way. Alice got Bob's `FIN` and saw that bytes before it were missing, so she repeated her acknowledgment. Bob repeated the page when no acknowledgment of it had come before his retransmission timer fired.
# 4. The `SYN` of the one who answers can ride on his `ACK`. When one side closes, the other may still have data to send, so its own `FIN` comes later, in a segment by itself.
#
# </details>
#
# ## Next
#
# **[07 · The handshake and the close](07-handshake.ipynb)** takes the opening and the closing apart, state by state; the exercise that follows it lets you write a part of TCP yourself.
