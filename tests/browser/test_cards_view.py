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
