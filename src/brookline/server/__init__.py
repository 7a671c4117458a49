"""The server: settings, home, loop, start-up and end; where concrete classes meet."""
