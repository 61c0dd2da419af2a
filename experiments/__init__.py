"""Studies: one file each, with the command and the figure it printed in README.md. Not installed."""
