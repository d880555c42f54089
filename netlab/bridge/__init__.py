"""The way out of the simulation: a TAP device, by which the kernel is on a cable of the network."""
