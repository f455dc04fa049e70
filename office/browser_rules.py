"""What the browser may do with a page; `settings.CONTENT_SECURITY_POLICY` says the rest."""


class BrowserRulesMiddleware:
    """Tell the browser what the portal never needs, and loosen the strict policy where Alpine runs.

    The frame of the admin is driven by Alpine, whose attributes are evaluated: 'unsafe-eval', for pages with
    the sidebar only. Signing in, errors, downloads and whatever else there is keep the strict policy.
    """

    HEADERS = {
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    IN_THE_FRAME = {"script-src": "'unsafe-eval'", "style-src-attr": "'unsafe-inline'"}

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        for name, value in self.HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    def process_template_response(self, request, response):
        if (response.context_data or {}).get("sidebar_navigation"):
            response._csp_update = self.IN_THE_FRAME  # as django-csp's own decorator does
        return response
