"""A plane beneath a prefix of etcd; imported only when a URL names one."""
