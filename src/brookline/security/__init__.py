"""Who may come in: users and their passwords, logins, and the keys by which nodes know each other."""
