"""The generated reference of fields is the API's, and complete."""

from __future__ import annotations

import re

from kops_pulumi.spec.schema import json_schema
from tools import reference


def test_the_page_is_current(update_golden):
    if update_golden:
        reference.main()
    assert reference.PAGE.read_text() == reference.page(json_schema())


def test_every_type_with_fields_has_one_table_and_every_link_a_target():
    text = reference.page(json_schema())
    titles = re.findall(r"^#{2,3} (\w+)$", text, re.MULTILINE)
    assert sorted(titles) == sorted(name for name, d in json_schema()["$defs"].items() if "properties" in d)
    assert set(re.findall(r"\]\(#(\w+)\)", text)) <= {title.lower() for title in titles}


def test_deprecated_fields_name_what_takes_their_place():
    assert re.search(r"`configStore` \| string \| \*Deprecated: set configBase\.\*", reference.page(json_schema()))
