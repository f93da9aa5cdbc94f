"""The whole program at work: real sockets, real files, real processes; only the news is invented."""
