"""What is sealed opens only where it was sealed for; keys come from the environment and show up nowhere."""

import base64
import os
import subprocess
import sys

import pytest
from django.core.exceptions import ImproperlyConfigured

from office import sealing
from office.sealing import Tampered, blind_index, read_field_keys, read_key, seal, unseal

ROW = "insured_person.phone 1"


def test_a_sealed_text_opens_again_and_looks_different_each_time():
    first, second = seal("13800005678", binding=ROW), seal("13800005678", binding=ROW)
    assert first != second
    assert b"5678" not in first
    assert unseal(first, binding=ROW) == unseal(memoryview(second), binding=ROW) == "13800005678"


@pytest.mark.parametrize("binding", ["insured_person.phone 2", "insured_person.document_number 1"])
def test_it_opens_for_no_other_row_or_column_and_the_refusal_names_the_place_asked_for(binding):
    sealed = seal("13800005678", binding=ROW)
    with pytest.raises(Tampered, match=binding):
        unseal(sealed, binding=binding)


def test_no_byte_of_it_can_be_changed_or_left_out():
    sealed = seal("13800005678", binding=ROW)
    for place in range(len(sealed)):
        changed = sealed[:place] + bytes([sealed[place] ^ 1]) + sealed[place + 1 :]
        with pytest.raises(Tampered):
            unseal(changed, binding=ROW)
        with pytest.raises(Tampered):
            unseal(sealed[:place], binding=ROW)


def test_after_rotation_the_old_key_opens_and_the_new_one_seals(settings):
    settings.FIELD_KEYS = {"k1": os.urandom(32)}
    old = seal("13800005678", binding=ROW)
    settings.FIELD_KEYS = {"k2": os.urandom(32)} | settings.FIELD_KEYS
    assert unseal(old, binding=ROW) == "13800005678"
    assert (sealing.key_of(old), sealing.key_of(seal("1", binding=ROW))) == ("k1", "k2")


def test_a_wrong_or_missing_key_is_refused_by_its_id(settings):
    settings.FIELD_KEYS = {"k1": os.urandom(32)}
    sealed = seal("13800005678", binding=ROW)
    settings.FIELD_KEYS = {"k1": os.urandom(32)}
    with pytest.raises(Tampered):
        unseal(sealed, binding=ROW)
    settings.FIELD_KEYS = {"k2": os.urandom(32)}
    with pytest.raises(Tampered, match="k1"):
        unseal(sealed, binding=ROW)


def test_an_index_is_the_same_for_the_same_text_and_purpose_and_key_only(settings):
    index = blind_index("441602", purpose="document")
    assert index == blind_index("441602", purpose="document")
    assert index not in (blind_index("441603", purpose="document"), blind_index("441602", purpose="phone"))
    settings.INDEX_KEY = os.urandom(32)
    assert index != blind_index("441602", purpose="document")


@pytest.mark.parametrize("text", ["", "k1", "k1:AAAA", ":" + "A" * 43 + "=", "k1:" + "!" * 44])
def test_a_faulty_key_is_refused_without_being_quoted(text):
    with pytest.raises(ImproperlyConfigured) as refused:
        read_field_keys(text)
    assert "AAAA" not in str(refused.value) and "!!!!" not in str(refused.value)


def test_two_keys_cannot_share_an_id():
    key = base64.b64encode(os.urandom(32)).decode()
    with pytest.raises(ImproperlyConfigured):
        read_field_keys(f"k1:{key},k1:{key}")


@pytest.mark.parametrize("missing", ["FIELD_KEYS", "INDEX_KEY"])
@pytest.mark.parametrize("of_the_demo", [True, False])
def test_a_portal_that_is_no_demo_starts_only_with_keys_of_its_own(missing, of_the_demo):
    own = {name: base64.b64encode(os.urandom(32)).decode() for name in ("FIELD_KEYS", "INDEX_KEY")}
    own["FIELD_KEYS"] = f"k1:{own['FIELD_KEYS']}"
    given = os.environ | own | {"DEMO": "0", "SECRET_KEY": "s" * 60}
    assert started(given).returncode == 0
    del given[missing]
    if of_the_demo:
        demo = base64.b64encode(b"demo-only-key-protecting-nothing").decode()
        given[missing] = f"mine:{demo}" if missing == "FIELD_KEYS" else demo
    refused = started(given)
    assert "ImproperlyConfigured" in refused.stderr and missing in refused.stderr
    assert not any(key.split(":")[-1] in refused.stderr for key in own.values())


def started(environment):
    return subprocess.run(
        [sys.executable, "-c", "import config.settings"], env=environment, capture_output=True, text=True
    )


def test_masks_keep_what_helps_to_recognise_and_no_more():
    assert sealing.masked("44160219800101001X") == "4416**********001X"
    assert sealing.masked("E1234567") == "E*******"
    assert sealing.masked_phone("13812345678") == "138****5678"
    assert sealing.masked_phone("07511234567890") == "075***********"
    assert sealing.masked_phone("12345") == "*****"
    assert sealing.masked_account("6222021234567890123") == "***************0123"
    assert read_key(base64.b64encode(b"k" * 32).decode(), name="X") == b"k" * 32
