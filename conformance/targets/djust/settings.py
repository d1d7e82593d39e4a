"""The minimum that djust needs to run: no database, no users, and its own defaults for every limit."""

from pathlib import Path

SECRET_KEY = "not a secret: this server listens on loopback and holds no data"
DEBUG = False  # as in production: error frames carry a generic text, the server's log the real one
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]"]  # also the Origins that may open the socket
# djust does not mount a view without the first two, although nothing here has users.
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "channels", "djust"]
LIVEVIEW_ALLOWED_MODULES = ["views"]
ROOT_URLCONF = "asgi"
SESSION_ENGINE = "django.contrib.sessions.backends.cache"  # the default cache: in memory
CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
TEMPLATES = [
    {
        "BACKEND": "djust.template_backend.DjustTemplateBackend",
        "DIRS": [Path(__file__).parent / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {"context_processors": []},
    }
]
USE_TZ = True
LOGGING = {  # the exception behind a generic error frame goes to standard error
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
}
