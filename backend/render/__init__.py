"""From the scene or stored pixels to encoded pictures."""
