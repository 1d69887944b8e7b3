from __future__ import annotations

from html.parser import HTMLParser

import pytest

from gossamer.explain.report import measured
from tests.explain import spoiled
from tests.quantization import graphs

VOID = {"meta", "link", "br", "hr", "img", "input"}
DRAWN = {"rect", "line", "path", "circle"}


class Reader(HTMLParser):
    """Checks that tags close in order, and keeps what stands in them."""

    def __init__(self):
        super().__init__()
        self.open, self.tags, self.texts, self.ids = [], [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        assert tag in DRAWN | VOID
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)


@pytest.fixture(scope="module")
def report():
    model, made = spoiled.network()
    names = [f"{x.name}<b>" if x.name == "deep" else x.name for x in model.main.tensors]
    assert "deep<b>" in names
    return measured(model, made, graphs.samples(model, 4))


@pytest.fixture(scope="module")
def read(report):
    reader = Reader()
    reader.feed(report.to_html("Report of <net>"))
    reader.close()
    assert not reader.open
    return reader


def tags(read, name, **wanted):
    return [
        attributes
        for tag, attributes in read.tags
        if tag == name and wanted.items() <= attributes.items()
    ]


def test_each_layer_has_a_row_a_bar_and_two_histograms(read, report):
    count = len(report.layers)
    for layer in report.layers:
        assert layer.place.name in read.texts
    assert len(tags(read, "tr")) == count + 1
    assert len(tags(read, "circle")) == count
    exact = [layer for layer in report.layers if not layer.own.squared]
    assert len(tags(read, "svg", **{"class": "histogram"})) >= 2 * (count - len(exact))


def test_bars_lead_to_rows(read):
    rows = {each["id"] for each in tags(read, "tr") if "id" in each}
    assert {each["href"] for each in tags(read, "a")} == {f"#{name}" for name in rows}


def test_nothing_comes_from_elsewhere(read, report):
    assert not [t for t, _ in read.tags if t in {"script", "link", "img", "iframe"}]
    page = report.to_html()
    assert "http" not in page
    assert "url(" not in page
    assert len(page) < 60_000


def test_titles_are_escaped(report):
    assert "Report of &lt;net&gt;" in report.to_html("Report of <net>")
