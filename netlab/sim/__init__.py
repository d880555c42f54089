"""Virtual time: the clock, the timers, the programs that block on it, and the record of it all."""
