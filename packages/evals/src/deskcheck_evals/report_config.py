"""The configuration of `deskcheck-report`: what to show, and the choices that need no model."""

from dataclasses import dataclass, field
from enum import StrEnum

from deskcheck_agent.feedback import Combine
from deskcheck_conf import ConfigError, RunConfig
from omegaconf import OmegaConf

from deskcheck_evals.choices import Checker, SelectionConfig
from deskcheck_evals.rows import content_key


class Format(StrEnum):
    """What a report is written as."""

    html = "html"
    markdown = "markdown"
    latex = "latex"


@dataclass(kw_only=True)
class PaperConfig:
    """Labels of the runs that stand in a table of the paper, in place of those that it would hold by their settings.

    null leaves it to the settings, an empty list leaves the table out.
    """

    F3: list[str] | None = None
    """CRUXEval-O; by itself: output prediction on cruxeval_o."""
    F5: list[str] | None = None
    """Outputs of another model's programs; by itself: self-verify whose simulator is not the solver."""
    T1: list[str] | None = None
    """Output prediction after RL; by itself: output prediction on anything else (but T2)."""
    T2: list[str] | None = None
    """Output prediction on the model's own solutions; by itself: self-verify whose simulator is the solver, and output
    prediction whose benchmark is the model's own programs."""
    T3: list[str] | None = None
    """Solving; by itself: every run of self-verify and self-fix."""
    T4: list[str] | None = None
    """What the scaffold changes: "ours-label:single-turn-label", or one label, against its own first programs; by
    itself: simulated feedback, against the run with feedback=none that differs in nothing else."""
    T5: list[str] | None = None
    """First to submitted program; by itself: self-fix with feedback."""
    T6: list[str] | None = None
    """Public pass@1 and @10; by itself: self-verify."""
    T7: list[str] | None = None
    """Other tasks: "with-label:without-label"; by itself: the pairs of no-regression and input prediction runs."""
    T8: list[str] | None = None
    """What RL adds to output prediction: "with-label:without-label"; never by itself."""
    T9: list[str] | None = None
    """At most 3 turns; by itself: self-fix with feedback and max_turns=3."""


@dataclass(kw_only=True)
class ReportConfig(RunConfig, SelectionConfig):
    """What to show, and the choices that need no model."""

    runs: list[str] = field(default_factory=list)
    """Run folders of deskcheck-eval; none: the last run under output_root. A pattern such as `outputs/x-s*` stands for
    the seeds of one measurement, which are pooled: means over seeds, intervals over problems."""
    labels: list[str] = field(default_factory=list)
    """Names of the runs in tables, in the same order; none: the folders' names."""
    training: list[str] = field(default_factory=list)
    """Run folders of deskcheck-sft and deskcheck-rl whose curves are shown; a pattern stands for the seeds of one run.
    With no `runs` the report shows these alone."""
    training_labels: list[str] = field(default_factory=list)
    """Their names, in the same order; none: the folders' names."""
    pairs: list[str] = field(default_factory=list)
    """Comparisons "ours-label:theirs-label", paired by problem."""
    paper: PaperConfig | None = field(default_factory=PaperConfig)
    """The paper's tables and two of its figures, with our runs beside the published numbers; null: none of them."""
    temperature_chosen: str | None = None
    """How the sampling temperature was found, in words, where the runs do not say: printed with the protocol."""
    title: str = "deskcheck report"
    ks: list[int] = field(default_factory=lambda: list(range(1, 11)))
    combine: Combine = Combine.mean
    checker: Checker | None = None
    """Compare stored outputs anew in this way; null: as each run did."""
    resamples: int = 10_000
    formats: list[Format] = field(default_factory=lambda: list(Format))
    """What the report is written as: report.html, report.md, report.tex."""
    html: str | None = None
    """Where the page goes (the other formats beside it); null: report.html in this command's run folder."""
    samples: int = 1000
    """Most items of a run that its viewer shows, drawn by their names; 0: no viewer."""
    allow_scripted: bool | None = None
    """Show runs of scripted samplers, marked; null: only the last run of a bare command."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.ks or min(self.ks) < 1:
            raise ConfigError(f"ks is {self.ks}, expected numbers of candidates from 1 up, such as ks=[1,5,10]")
        if self.resamples < 1:
            raise ConfigError(f"resamples is {self.resamples}, expected 1 or more")
        if self.samples < 0:
            raise ConfigError(f"samples is {self.samples}, expected 0 (no viewer) or more")
        if not self.formats:
            raise ConfigError(f"formats is [], expected some of {', '.join(Format)}")
        if self.html is not None and not self.html.endswith(".html"):
            raise ConfigError(f"html is {self.html!r}, expected a file name that ends in .html")
        if self.labels and len(self.labels) != len(self.runs):
            raise ConfigError(f"{len(self.labels)} labels for {len(self.runs)} runs, expected one label a run, or none")
        if self.training_labels and len(self.training_labels) != len(self.training):
            raise ConfigError(
                f"{len(self.training_labels)} training_labels for {len(self.training)} training runs, expected one "
                "label a run, or none"
            )


def _digest(*parts: object) -> str:
    return content_key([OmegaConf.to_container(part) if OmegaConf.is_config(part) else part for part in parts])[:10]


# `${digest:...}` in report.yaml: a report's folder is a function of what it shows, so two reports never share one.
OmegaConf.register_new_resolver("digest", _digest, replace=True)
