import json
from dataclasses import replace

import numpy as np
import pytest

from experiments import _planted_cells, planted
from experiments._planted_cells import Cell, Result, build, first_hits, parse_method, read_result, search
from experiments._planted_chart import draw_chart
from experiments._planted_statistics import area, bootstrap, curve, first, paired
from experiments._planted_tables import report
from experiments.landscapes import LANDSCAPES
from experiments.planted import SLOW_LANDSCAPES, Study, main, plan

TINY = Study(("random",), ("few-dimensions",), (0, 1), budget=1000, jobs=1)


def result(method="policy-gradient", landscape="smooth-32-6", seed=0, hits=(), **changes):
    plain = Result(landscape, method, seed, 100, 100, 4, tuple(hits), 0.0, 0.25)
    return replace(plain, **changes)


class FakeShort:
    """Asks for ten rows twice, then ends."""

    def __init__(self, dim):
        self.rounds, self.dim, self.told = 0, dim, []

    def ask(self):
        self.rounds += 1
        return np.full((10 if self.rounds <= 2 else 0, self.dim), 0.5)

    def tell(self, units, error):
        self.told.append((units, error))


def test_area_by_hand():
    # 4 regions, 100 queries: found at 1 (100 queries count) and at 51 (50 count), of 400.
    assert area(result(hits=(1, 51))) == pytest.approx(150 / 400)
    assert area(result(hits=())) == 0
    assert area(result(hits=(1, 1, 1, 1))) == 1
    assert area(result(hits=(100,))) == pytest.approx(1 / 400)


def test_area_is_the_mean_of_the_curve():
    some = result(hits=(3, 20, 77))
    assert area(some) == pytest.approx(curve(some, np.arange(1, 101)).mean() / 4)


def test_curve_steps_up_at_the_query_that_hit():
    assert curve(result(hits=(3, 20)), np.array([0, 2, 3, 19, 20, 100])).tolist() == [0, 0, 1, 1, 2, 2]


def test_first_is_the_budget_where_nothing_was_found():
    assert first(result(hits=(7, 9))) == 7
    assert first(result()) == 100


def test_first_hits_of_each_region():
    found = np.array([[0, 0, 0], [0, 0, 1], [1, 0, 1], [1, 0, 0]], dtype=bool)
    assert first_hits(found) == (2, 3)
    assert first_hits(found[:0]) == ()


def test_bootstrap_of_two_values_reaches_both():
    # Of two resampled values a quarter are twice the smaller, a quarter twice the larger.
    got = bootstrap([0.0, 1.0])
    assert (got.mean, got.low, got.high) == (0.5, 0.0, 1.0)


def test_bootstrap_of_many_is_that_of_the_normal_distribution():
    values = np.random.default_rng(0).normal(10, 2, 400)
    got = bootstrap(values)
    half = 1.96 * values.std() / 20
    assert got.low == pytest.approx(values.mean() - half, abs=0.15 * half)
    assert got.high == pytest.approx(values.mean() + half, abs=0.15 * half)


def test_bootstrap_of_equal_values_has_no_width():
    assert bootstrap([3.0] * 5) == bootstrap([3.0]) == type(bootstrap([3.0]))(3.0, 3.0, 3.0)


def test_paired_difference_takes_common_seeds_and_knows_what_is_better():
    ours = [result(seed=s, hits=(10 + s, 20)) for s in range(5)]
    theirs = [result("random", seed=s, hits=(15 + s,)) for s in (1, 2, 3)]
    assert paired(ours, theirs, "regions").mean == 1
    earlier = paired(ours, theirs, "first")
    assert (earlier.low, earlier.high) == (5, 5)
    assert paired(ours, [], "regions") is None


def test_search_is_the_same_again_and_counts_within_the_budget():
    cell = Cell("few-dimensions", "random", 3, 500)
    one, two = search(cell), search(cell)
    assert one.hits == two.hits
    assert (one.queries, one.regions, one.budget) == (500, 12, 500)
    assert all(1 <= hit <= 500 for hit in one.hits)
    longer = search(replace(cell, budget=1500))
    assert longer.hits[: len(one.hits)] == one.hits
    assert len(longer.hits) >= 5


def test_seed_chooses_regions_and_draws():
    assert (
        search(Cell("few-dimensions", "random", 0, 1500)).hits
        != search(Cell("few-dimensions", "random", 1, 1500)).hits
    )


def test_search_ends_where_nothing_is_asked(monkeypatch):
    fake = FakeShort(16)
    monkeypatch.setattr(_planted_cells, "build", lambda landscape, method, seed: fake)
    got = search(Cell("few-dimensions", "published", 0, 1000))
    assert (got.queries, got.budget) == (20, 1000)
    units, error = fake.told[0]
    assert len(fake.told) == 2
    assert error.shape == (10,)
    assert np.abs(error - LANDSCAPES[0].error(units)).max() < 20
    assert error.std() > 0.5


def test_margins_are_told_only_where_something_is_unfair():
    fair, unfair = (next(x for x in LANDSCAPES if bool(x.unfair) is kind) for kind in (False, True))
    assert build(fair, "random", 0)._screen._margin is None
    screened = search(Cell(unfair.name, "random", 0, 1000))
    assert screened.unfair_share == 0
    population = build(unfair, "random", 0)
    assert population._screen._margin(np.full((2, 32), 0.5)).shape == (2,)


def test_batch_is_eight_unless_told():
    assert len(build(LANDSCAPES[0], "random", 0).ask()) == 320
    assert len(build(LANDSCAPES[0], "random[batch=2]", 0).ask()) == 80


def test_methods_carry_options():
    assert parse_method("cma-es") == ("cma-es", {})
    assert parse_method("policy-gradient[share=false, spread=0.5]") == (
        "policy-gradient",
        {"share": False, "spread": 0.5},
    )


@pytest.mark.parametrize("method", ["random[", "random[]", "random[batch]", "random[=2]", "random[batch=2"])
def test_refuses_brackets_without_options(method):
    with pytest.raises(ValueError, match=r"^expected a method such as random\[key=value,key=value\], got "):
        parse_method(method)


def test_resume_computes_only_what_is_missing(tmp_path, monkeypatch):
    study = replace(TINY, results=tmp_path)
    first_time = main(replace(study, seeds=(0,)))
    asked = []
    real = _planted_cells.search
    monkeypatch.setattr(_planted_cells, "search", lambda cell: (asked.append(cell), real(cell))[1])
    both = main(study)
    assert [cell.seed for cell in asked] == [1]
    assert both[0] == first_time[0]
    assert main(study) == both
    assert len(asked) == 1


@pytest.mark.slow
def test_two_processes_find_the_same(tmp_path):
    one, two = (main(replace(TINY, jobs=j, results=tmp_path / str(j))) for j in (1, 2))
    assert [r.hits for r in one] == [r.hits for r in two]


def test_files_are_small_and_plainly_named(tmp_path):
    main(replace(TINY, methods=("random[batch=4]",), seeds=(0,), results=tmp_path))
    [path] = tmp_path.iterdir()
    assert path.name == "few-dimensions-random_batch=4-seed0.json"
    stored = json.loads(path.read_text())
    assert stored["method"] == "random[batch=4]"
    assert set(stored) == set(Result.__dataclass_fields__)
    assert path.stat().st_size < 1000


def test_refuses_a_kept_cell_of_another_budget(tmp_path):
    main(replace(TINY, seeds=(0,), results=tmp_path))
    with pytest.raises(ValueError, match=r"seed0\.json of 2000 queries, got 1000; delete it or name another"):
        read_result(Cell("few-dimensions", "random", 0, 2000), tmp_path)


def test_slow_methods_have_three_landscapes_and_three_seeds():
    cells = plan(Study(methods=("random", "ppo")))
    assert len([c for c in cells if c.method == "random"]) == 50
    slow = [c for c in cells if c.method == "ppo"]
    assert {c.landscape for c in slow} == set(SLOW_LANDSCAPES)
    assert len(slow) == 9
    with pytest.raises(
        ValueError, match=r"^expected one of few-dimensions, .* for ppo, sac, got none of them$"
    ):
        plan(Study(methods=("sac",), landscapes=("ridge-32-6",)))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--landscapes", "moon"], "unknown landscape 'moon': expected one of few-dimensions, smooth-32-6,"),
        (["--methods", "magic"], "unknown method 'magic': expected one of policy-gradient, published,"),
        (["--methods", "typical"], "unknown method 'typical': expected one of"),
        (["--methods", "random[speed=2]"], "unknown option 'speed' of random: expected one of batch"),
    ],
)
def test_misuse_is_refused_in_words_before_anything_is_computed(arguments, words, tmp_path, capsys):
    assert planted.run([*arguments, "--results", str(tmp_path)]) == 2
    assert capsys.readouterr().err.startswith(words)
    assert not list(tmp_path.iterdir())


def test_stopped_study_says_how_to_go_on(monkeypatch, capsys):
    def stop(study):
        raise KeyboardInterrupt

    monkeypatch.setattr(planted, "main", stop)
    assert planted.run([]) == 130
    assert capsys.readouterr().err == "stopped; the same command goes on with the cells that are missing\n"


def test_help_has_examples(capsys):
    with pytest.raises(SystemExit) as stop:
        planted.run(["--help"])
    assert stop.value.code == 0
    assert "python -m experiments.planted --methods random sobol" in capsys.readouterr().out


def test_refuses_no_jobs(capsys):
    with pytest.raises(SystemExit):
        planted.run(["--jobs", "0"])
    assert "expected --jobs of at least 1, got 0" in capsys.readouterr().err


def test_report_has_intervals_and_verdicts():
    ours = [result(seed=s, hits=(10, 20, 30)) for s in range(5)]
    better = [result("cma-es", seed=s, hits=(10, 20, 30, 40)) for s in range(5)]
    worse = [result("random", seed=s, hits=(40,)) for s in range(5)]
    text = report([*ours, *better, *worse])
    assert "| smooth-32-6 | 3.0 (3.0 to 3.0) | 4.0 (4.0 to 4.0) | 1.0 (1.0 to 1.0) |" in text
    assert (
        "- smooth-32-6: **beaten** by cma-es in regions (by 1 to 1), area under the curve (by 0.1525 to 0.1525); "
        "ahead in regions of random."
    ) in text
    assert "- smooth-32-6: not beaten; ahead in regions of random." in report([*ours, *worse])


def test_verdict_is_not_beaten_where_the_interval_holds_zero():
    ours = [result(seed=s, hits=(10, 20)) for s in range(3)]
    mixed = [result("cma-es", seed=s, hits=hits) for s, hits in enumerate([(12,), (12, 20), (8, 20, 30)])]
    assert "- smooth-32-6: not beaten; ahead in regions of none." in report([*ours, *mixed])


def test_ablation_compares_over_all_landscapes():
    def some(method, hits):
        return [result(method, name, hits=hits) for name in ("smooth-32-6", "lure-32-12")]

    text = report(some("policy-gradient", (1, 2)) + some("policy-gradient[candidates=1]", (1,)))
    assert "| [candidates=1] | +1 (+1 to +1) | +0.247 (+0.247 to +0.247) | +0 (+0 to +0) |" in text
    assert "- lure-32-12: nothing to compare." in text


def test_costs_tell_unfair_queries_and_early_ends():
    some = [
        result("published", overhead_ms=0.5, queries=40),
        result("published", "unfair-32-12", unfair_share=0.25, overhead_ms=9.0),
    ]
    assert "| published | 0.500 | 25.0 % | 1 of 2 |" in report(some)


def test_chart_draws_a_panel_for_each_landscape_and_colours_for_each_method():
    methods = ("policy-gradient", "random")
    some = [result(m, x.name, s, hits=(10, 50)) for m in methods for x in LANDSCAPES[:6] for s in (0, 1)]
    tall, flat = draw_chart(some), draw_chart([r for r in some if r.landscape != LANDSCAPES[5].name])
    assert tall.width == flat.width
    assert tall.height > flat.height
    colours = {colour for _, colour in flat.getcolors(1 << 20)}
    assert {(32, 84, 188), (150, 156, 164)} <= colours
    assert (222, 110, 28) not in colours


def test_written_chart_and_tables_of_a_small_study(tmp_path, capsys):
    chart = tmp_path / "docs" / "planted.png"
    names = ["--methods", "random", "--landscapes", "few-dimensions", "--seeds", "0", "--budget", "400"]
    assert planted.run([*names, "--jobs", "1", "--results", str(tmp_path / "r"), "--chart", str(chart)]) == 0
    assert "| few-dimensions |" in capsys.readouterr().out
    assert chart.read_bytes().startswith(b"\x89PNG")
