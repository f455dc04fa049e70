"""Pages that belong to no record, within the same frame as all others."""

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.template.response import TemplateResponse


def guarded(view, *, permission: str):
    """The view for signed-in staff who hold the permission."""

    def checked(request, *args, **kwargs):
        if not request.user.has_perm(permission):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return admin.site.admin_view(checked)


def page(request, template: str, context: dict) -> TemplateResponse:
    """A template with the sidebar and the header around it."""
    request.current_app = admin.site.name
    return TemplateResponse(
        request, template, {**admin.site.each_context(request), "is_fullwidth": "1", **context}
    )


def outside(request, template: str, context: dict, *, status: int = 200) -> TemplateResponse:
    """A page of signing in: without the sidebar, and so under the strict policy."""
    around = {**admin.site.each_context(request), "sidebar_navigation": []}
    return TemplateResponse(request, template, {**around, **context}, status=status)
