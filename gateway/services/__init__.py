"""The services of the contract; their state machines live here."""
