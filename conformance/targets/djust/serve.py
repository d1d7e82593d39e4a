"""Serve the driver on loopback under uvicorn until SIGTERM or SIGINT: serve.py --port N (0 picks a free one).

Prints one line, `ready ws://127.0.0.1:N/ws/live/`, as soon as it accepts connections.
"""

import argparse
import socket

import uvicorn


class Server(uvicorn.Server):
    """Prints the ready line."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Bind, then print the port."""
        await super().startup(sockets)
        port = self.servers[0].sockets[0].getsockname()[1]
        print(f"ready ws://127.0.0.1:{port}/ws/live/", flush=True)


def main() -> None:
    """Run the server until a signal ends it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8077)
    port = parser.parse_args().port
    config = uvicorn.Config(
        "asgi:application",
        host="127.0.0.1",
        port=port,
        ws="websockets-sansio",
        lifespan="off",
        log_level="warning",
        timeout_graceful_shutdown=1,  # a handler that still runs does not hold up the end
    )
    Server(config).run()


if __name__ == "__main__":
    main()
