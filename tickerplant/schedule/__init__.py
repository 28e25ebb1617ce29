"""`tickerplant schedule`: jobs at their times, each a command of ours in a process of its own, with the history of their runs in PostgreSQL."""
