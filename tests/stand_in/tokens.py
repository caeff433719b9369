"""The token endpoint: a refresh token, or a service account's signature, for an access token.

https://developers.google.com/identity/protocols/oauth2/web-server#offline
"""

from __future__ import annotations

import urllib.parse

from .messages import Request, Response, reply
from .state import State

PRACTICE_TOKEN = (
    "practice-token"  # good for ever; colab_helpers.drive sends it to loopback addresses
)
PRACTICE_API_KEY = "practice-api-key"  # the one API key that is accepted
REFRESH_TOKEN = "practice-refresh-token"  # the one refresh token that is accepted
SCOPE = "https://www.googleapis.com/auth/drive"


def issue_token(state: State, request: Request) -> Response:
    """A new access token; one for a refresh token only if that is `REFRESH_TOKEN`."""
    form = dict(urllib.parse.parse_qsl(request.body.decode()))
    refreshes = form.get("grant_type") == "refresh_token"
    if refreshes and form.get("refresh_token") != REFRESH_TOKEN:
        description = "Token has been expired or revoked."
        return reply({"error": "invalid_grant", "error_description": description}, status=400)
    return reply(
        {
            "access_token": new_token(state),
            "expires_in": state.token_lifetime,
            "token_type": "Bearer",
            "refresh_token": REFRESH_TOKEN,
            "scope": SCOPE,
        }
    )


def new_token(state: State) -> str:
    """An access token that is good for the usual time from now on."""
    token = f"ya29.practice-{len(state.tokens)}"
    state.tokens[token] = state.clock() + state.token_lifetime
    return token
