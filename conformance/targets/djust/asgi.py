"""The ASGI application: one WebSocket endpoint, wired as djust's documentation wires it."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")
django.setup()

from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402  the settings come first
from django.core.asgi import get_asgi_application  # noqa: E402  the settings come first
from django.urls import path  # noqa: E402  the settings come first
from djust.routing import DjustMiddlewareStack  # noqa: E402  the settings come first
from djust.websocket import LiveViewConsumer  # noqa: E402  the settings come first

urlpatterns: list[object] = []  # there is no page: the suite talks to the socket

sockets = URLRouter([path("ws/live/", LiveViewConsumer.as_asgi())])
application = ProtocolTypeRouter({"http": get_asgi_application(), "websocket": DjustMiddlewareStack(sockets)})
