"""Who calls, and may they: bearer tokens and roles."""

import time
from functools import partial
from typing import Final

from gateway.api import ApiError, Code, Principal
from gateway.storage import Database
from gateway.storage.tokens import find_token
from kassenwart.v1 import Role

_KEEP: Final = 2.0  # seconds that a token is remembered: a revoked one works no longer than this
_REMEMBERED: Final = 1000


class Authenticator:
    """Knows the tokens; remembers the valid ones for two seconds, so that a busy till costs no reads."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[str, tuple[float, Principal]] = {}

    async def authenticate(self, authorization: str) -> Principal:
        """The principal of an `Authorization` header. Raises UNAUTHENTICATED."""
        scheme, _, token = authorization.partition(" ")
        token = token.strip()
        if not authorization:
            raise _unauthenticated("This call needs a token: send the header 'Authorization: Bearer TOKEN'.")
        if scheme.lower() != "bearer" or not token or len(token) > 256:
            raise _unauthenticated("The Authorization header must read 'Bearer TOKEN'.")
        now = time.monotonic()
        remembered = self._known.get(token)
        if remembered is not None and now < remembered[0]:
            return remembered[1]
        found = await self._database.read(partial(find_token, token))
        if found is None:
            self._known.pop(token, None)
            raise _unauthenticated("This token is not known or was revoked. `kassenwart token create` makes a new one.")
        principal = Principal(found.name, found.role, found.id)
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        self._known[token] = (now + _KEEP, principal)
        return principal


def authorize(principal: Principal, roles: frozenset[int], what: str) -> None:
    """Raises PERMISSION_DENIED when none of the roles is the principal's."""
    if principal.role not in roles:
        needed = " or ".join(sorted(Role.Name(role).lower() for role in roles))
        raise ApiError(
            Code.PERMISSION_DENIED,
            f"The token {principal.name!r} has the role {Role.Name(principal.role).lower()}; {what} needs {needed}.",
            reason="ROLE_MISSING",
        )


def _unauthenticated(message: str) -> ApiError:
    return ApiError(Code.UNAUTHENTICATED, message, reason="TOKEN_INVALID")
