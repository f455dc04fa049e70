"""Help: what there is to do in the portal, task by task, and what the words mean."""

from django.http import Http404
from django.utils.translation import gettext as _

from office.admin.pages import page
from office.guide import glossary, language_of_help, pages, picture_of


def help_page(request, name: str = ""):
    """One task, or what there is to read about."""
    language = language_of_help()
    known = pages(language)
    if name and name not in known:
        raise Http404
    chosen = known.get(name)
    return page(
        request,
        "office/help.html",
        {
            "title": chosen.title if chosen else _("Help"),
            "pages": known.values(),
            "chosen": chosen,
            "picture": picture_of(chosen, language=language) if chosen else "",
        },
    )


def glossary_page(request):
    language = language_of_help()
    return page(
        request,
        "office/help.html",
        {"title": _("Glossary"), "pages": pages(language).values(), "terms": glossary(language)},
    )
