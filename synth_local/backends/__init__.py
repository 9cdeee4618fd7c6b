"""Where jobs run: on this machine, or (later) on a cluster."""
