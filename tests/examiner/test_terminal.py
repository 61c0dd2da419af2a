import io
import json
from pathlib import Path

from rich.console import Console

from examiner.terminal import LineProgress, print_summary


def test_plain_lines_without_a_terminal():
    stream = io.StringIO()
    progress = LineProgress(Console(file=stream, width=80))
    progress.update("search", 10, 100)
    progress.update("search", 20, 100)
    progress.update("growth", 30, 100, "worst 200 mm")
    progress.update("growth", 100, 100)
    progress.close()
    lines = stream.getvalue().splitlines()
    assert lines == [
        "search  10/100 queries",
        "growth  30/100 queries  worst 200 mm",
        "growth  100/100 queries",
    ]


def test_summary_names_methods_findings_and_the_report(capsys):
    results = json.loads((Path(__file__).parent / "fake_results.json").read_text())
    results["notes"] = ["Finding: the baseline random has the higher QD score (9 against 8)."]
    print_summary(results, "runs/x")
    text = capsys.readouterr().out
    for method in results["methods"]:
        assert method["name"] in text
    assert "QD score" in text
    assert "Finding: the baseline random" in text
    assert text.rstrip().endswith("Report: runs/x/report.html")


def test_names_are_printed_as_they_are(capsys):
    results = json.loads((Path(__file__).parent / "fake_results.json").read_text())
    results["protocol"]["target"] = "[/b]mine[red]"
    results["notes"] = ["Finding: the baseline [/x] wins."]
    print_summary(results, "runs/[/bold]")
    text = capsys.readouterr().out
    assert "[/b]mine[red]" in text
    assert "Finding: the baseline [/x] wins." in text
    assert "Report: runs/[/bold]/report.html" in text
