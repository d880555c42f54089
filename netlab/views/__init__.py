"""A trace as pictures, each with a twin in text: sequence, states, packet, packet list."""
