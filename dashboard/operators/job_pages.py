"""Jobs over many sources: the list of what was asked for, newest first, and the way to stop one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils import timezone

from dashboard.operators.environment_choice import environments
from dashboard.web import filters
from dashboard.web.csv_export import csv_of
from dashboard.web.doors import person_of
from dashboard.web.filters import Filters, Sort
from dashboard.web.keyset import every
from dashboard.web.looks import Look, look_of
from dashboard.web.paging import page_of
from integrations.problems import Problem
from integrations.reconciliation.models import Adoption, BulkRenewal
from tenants.audit import Actor

Job = TypeVar("Job", Adoption, BulkRenewal)


@dataclass(frozen=True, slots=True)
class JobPages(Generic[Job]):
    """A kind of job. `page` is the route of a single one, `file` names the list as a file."""

    model: type[Job]
    states: dict[str, Look]
    columns: Mapping[str, Callable[[Job], Any]]
    noun: tuple[str, str]
    template: str
    file: str
    page: str

    @property
    def filters(self) -> Filters:
        """What the list can be narrowed by."""
        return Filters(
            filters=(
                filters.choice("environment", "Environment", environments, anything="All environments"),
                filters.choice("state", "State", [(state, look.word) for state, look in self.states.items()]),
            ),
            sorts=(Sort("created", ("-id",)),),
        )

    def list(self, request: HttpRequest) -> HttpResponseBase:
        """Show a page of the jobs, or send all of them as a file."""
        asked = self.filters.read(request)
        rows = self.model.objects.select_related("environment__integration")
        if environment := asked.value("environment"):
            rows = rows.filter(environment__public_id=environment)
        if state := asked.value("state"):
            rows = rows.filter(state=state)
        if asked.wants_csv:
            return csv_of(self.file, self.columns, every(rows, asked.sort.fields))
        shown = page_of(asked, rows, noun=self.noun)
        lines = [(each, look_of(self.states, each.state)) for each in shown.rows]
        return render(request, self.template, {"list": asked, "shown": shown, "lines": lines})

    def found(self, public_id: UUID) -> Job:
        """Return the job, or raise Http404."""
        try:
            return self.model.objects.select_related("environment__integration").get(public_id=public_id)
        except self.model.DoesNotExist as missing:
            raise Http404 from missing

    def act(
        self, request: HttpRequest, public_id: UUID, use_case: Callable[..., Job], said: str = ""
    ) -> HttpResponseRedirect:
        """Do something to the job, say what came of it, and lead back to its page."""
        job = self.found(public_id)
        try:
            use_case(job, actor=Actor.person(person_of(request)), now=timezone.now())
        except Problem as problem:
            messages.error(request, problem.detail)
        else:
            if said:
                messages.success(request, said)
        return redirect(self.page, public_id)
