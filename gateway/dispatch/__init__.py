"""The dispatch chain that every call of every face goes through."""

from gateway.dispatch.auth import Authenticator
from gateway.dispatch.chain import Dispatcher, Envelope, Resources, api_error, new_call_id

__all__ = ["Authenticator", "Dispatcher", "Envelope", "Resources", "api_error", "new_call_id"]
