"""``step report`` and ``report``: the page, its figures and tables, from stored results alone."""

from __future__ import annotations

import logging
from pathlib import Path

from synth_local.core.files import write_json
from synth_local.pipeline.steps.report_input import read_report_data
from synth_local.report.write import write_report
from synth_local.run.context import Context
from synth_local.run.keep_record import refresh_record

log = logging.getLogger(__name__)


def run_report(context: Context, *, show_real: bool) -> Path:
    """Write the report of a run and return its page.

    Args:
        show_real: also show real texts beside the samples; a later ``run`` writes the report anew
            without them.
    """
    state = context.look()
    refresh_record(state)
    data = read_report_data(state, show_real=show_real)
    files = write_report(data, context.run.report, show_real=show_real)
    fingerprint = "" if show_real else state.report_fingerprint
    write_json(context.run.report_marker, {"fingerprint": fingerprint})
    log.info("%d files in %s", len(files), context.run.report)
    return files[0]
