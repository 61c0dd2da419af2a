"""What is printed is text: nothing that a user named is read as markup."""

import json
from pathlib import Path

from examiner.terminal import print_summary


def test_summary_prints_names_as_they_are(capsys):
    results = json.loads((Path(__file__).parent / "fake_results.json").read_text())
    results["protocol"]["target"] = "[/b]mine[red]"
    results["notes"] = ["Finding: the baseline [/x] wins."]
    print_summary(results, "runs/[/bold]")
    text = capsys.readouterr().out
    assert "[/b]mine[red]" in text
    assert "Finding: the baseline [/x] wins." in text
    assert "Report: runs/[/bold]/report.html" in text
    for method in results["methods"]:
        assert method["name"] in text
