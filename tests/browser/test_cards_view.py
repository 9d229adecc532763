"""Cards that open: the value from a kernel, lists, pictures, and hostile names."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tfmagic.notebook.live import reports
from tfmagic.view.cards.items import Item, cards_document

from .page import DrawingPage, violations

PHOTO = (np.indices((12, 16)).sum(0)[:, :, None] * np.array([8, 4, 2])).astype(np.uint8)


def of_list() -> dict[str, Any]:
    asks = {"kind": "value", "key": "k", "name": "w"}
    rows = [("shape", "(3, 2)"), ("dtype", "float32")]
    items = [Item("tensor", "<img src=x onerror=alert(1)>", "[0]", rows, asks),
             Item("array", "NumPy", "[1]", rows, report=reports.array_report(PHOTO), value=PHOTO), Item("", "7", "[2]")]
    return cards_document(Item("list", "3 elements", items=items, more=5))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_cards_open_by_the_keyboard(drawing: DrawingPage, scheme: str) -> None:
    drawing.mount(of_list(), theme=scheme,
                  answer=lambda question: {**reports.array_report(np.eye(3, 2)), "tensor": "w:0"})
    page = drawing.page
    card = page.locator("details details").nth(0)
    card.locator("summary").focus()
    page.keyboard.press("Enter")
    card.locator(".value", has_text="w:0 · (3, 2)").wait_for()
    assert card.locator("canvas").count() == 1
    assert drawing.asked[-1]["name"] == "w"
    photo = page.locator("details details").nth(1)
    photo.locator("summary").click()
    assert photo.locator("canvas").get_attribute("aria-label") == "12 × 16"
    photo.get_by_label("as a picture").uncheck()
    assert photo.locator("canvas").count() == 1
    assert page.locator(".cards img").count() == 0
    assert page.get_by_text("and 5 more").is_visible()
    assert violations(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_blocks_are_a_picture_above_a_card(drawing: DrawingPage, scheme: str) -> None:
    picture = ('<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20" onload="alert(1)">'
               "<script>alert(1)</script></svg>")
    report = reports.array_report(np.eye(3, 2), "<b>w</b>")
    item = Item("array", "<b>w</b>", rows=[("shape", "(3, 2)")], report=report, is_open=False)
    drawing.mount(cards_document(item, picture=picture, words="w: shape (3, 2)"), theme=scheme)
    page = drawing.page
    image = page.get_by_role("img", name="w: shape (3, 2)")
    assert image.is_visible() and image.evaluate("image => image.naturalWidth") == 40
    assert image.evaluate("image => getComputedStyle(image).colorScheme") == scheme
    assert page.locator(".value").count() == 0
    page.locator("summary").click()
    page.locator(".value", has_text="<b>w</b> · (3, 2)").wait_for()
    assert violations(page) == []
