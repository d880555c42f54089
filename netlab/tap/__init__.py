"""The command `netlab tap`: a simulated host next to the kernel of this machine, with servers."""
