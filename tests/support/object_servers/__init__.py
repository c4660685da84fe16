"""Real servers of objects on loopback, each a process of its own, and faults on the way to them."""
