"""Resource names, such as `printers/receipt/jobs/01HX`: a message that has one may stand for it."""

from typing import Protocol


class Named(Protocol):
    """A message with a resource name."""

    name: str


def ids(resource: Named | str, *collections: str) -> tuple[str, ...]:
    """The ids in a resource name made of these collections; ValueError when it is another name."""
    name = resource if isinstance(resource, str) else resource.name
    parts = name.split("/")
    if tuple(parts[0::2]) != collections or len(parts) != 2 * len(collections) or not all(parts):
        wanted = "/".join(f"{collection}/…" for collection in collections)
        raise ValueError(f"{name!r} is not a name of the form {wanted}")
    return tuple(parts[1::2])
