"""What stands on a PDF the portal serves."""

import io

import pypdf


def text_of(response) -> str:
    assert response.status_code == 200
    pages = pypdf.PdfReader(io.BytesIO(b"".join(response.streaming_content))).pages
    return "\n".join(page.extract_text() for page in pages)
