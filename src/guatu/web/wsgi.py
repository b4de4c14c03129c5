"""The web as a WSGI application: granian alone serves pages and static files (WhiteNoise)."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "guatu.web.settings")

application = get_wsgi_application()
