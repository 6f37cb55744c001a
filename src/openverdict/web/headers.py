"""Headers that every answer carries and that no library sets for us."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

FEATURES = (
    "accelerometer", "autoplay", "camera", "display-capture", "geolocation", "gyroscope", "magnetometer",
    "microphone", "midi", "payment", "usb",
)  # fmt: skip
POLICY = ", ".join(f"{name}=()" for name in FEATURES)


class HeadersMiddleware:
    """Pages are not kept by browsers or proxies, nothing is embedded elsewhere, and no device is asked for."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, and set them."""
        response = self.get_response(request)
        response.headers["Permissions-Policy"] = POLICY
        response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
        response.headers["X-Frame-Options"] = "DENY"
        if request.path_info == "/account/logout" and request.method == "POST":
            response.headers["Clear-Site-Data"] = '"storage"'
        if not request.path_info.startswith("/static/"):
            response.headers["Cache-Control"] = "no-store"
        return response
