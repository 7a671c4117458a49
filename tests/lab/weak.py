"""What a lab build may leave out, to show that the lab would notice; nothing of this is in the product."""

WEAKNESSES = {
    "fences": "an entry is written whether or not there is one",
    "memory": "a request that is sent again is done again",
    "guard": "a machine runs what it is told, by whomever, and how often",
}
