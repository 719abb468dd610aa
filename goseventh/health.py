"""`goseventh health`: asks a running server whether it answers, for a container's health check."""

import http.client

from goseventh.settings import Settings

_WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}
_SECONDS = 3.0


def health(settings: Settings) -> int:
    """Exit code 0 if `/health` at the configured port answers 200, else 1 and a line that says why."""
    host = _WILDCARDS.get(settings.host, settings.host)
    connection = http.client.HTTPConnection(host, settings.port, timeout=_SECONDS)
    try:
        connection.request("GET", "/health")
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        reason = " ".join(str(error).split())  # what isn't HTTP is quoted with its line end
        print(f"no answer from {host}:{settings.port}: {reason}")
        return 1
    finally:
        connection.close()
    print(f"{host}:{settings.port} answers {status}")
    return 0 if status == 200 else 1
