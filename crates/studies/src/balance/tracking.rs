//! Tables and curves of how rates follow an input, of whichever networks.

use equipoise_encoder::balance::{Tracking, Waveform};
use equipoise_figure::{Axis, Color, Dash, Line, Panel, Plot};
use equipoise_report::{Column, Table};

/// What was found of one network or population under one waveform.
pub(crate) type Row<'a> = (&'a Waveform, &'a str, &'a Tracking);

/// Lags and correlations; `of` heads the column of names.
pub(crate) fn table<'a>(of: &str, rows: impl Iterator<Item = Row<'a>>) -> Table {
    let mut table = Table::new("Tracking")
        .column(Column::text("waveform"))
        .column(Column::text(of))
        .column(Column::number("lag").unit("ms").decimals(1))
        .column(Column::number("correlation at the lag").decimals(4))
        .column(Column::number("correlation at lag 0").decimals(4))
        .column(Column::number("normalised error").decimals(4))
        .note(
            "The error is the root mean square of the rate, scaled onto the input by one factor, \
             minus the input, over the range of the input.",
        );
    for (waveform, name, tracking) in rows {
        table.row([
            waveform.name().into(),
            name.into(),
            tracking.lag_ms.into(),
            tracking.correlation.into(),
            tracking.correlation_at_zero.into(),
            tracking.error.into(),
        ]);
    }
    table
}

/// Inputs and rates over time; `of` heads the column of names.
pub(crate) fn traces<'a>(of: &str, rows: impl Iterator<Item = Row<'a>>) -> Table {
    let mut traces = Table::new("Traces")
        .column(Column::text("waveform"))
        .column(Column::text(of))
        .column(Column::number("time").unit("ms").decimals(2))
        .column(Column::number("input").decimals(5))
        .column(Column::number("rate").unit("Hz").decimals(3));
    for (waveform, name, tracking) in rows {
        let samples = tracking.time_ms.iter().zip(&tracking.input).zip(&tracking.rate_hz);
        for ((&t, &input), &rate) in samples {
            traces.row([waveform.name().into(), name.into(), t.into(), input.into(), rate.into()]);
        }
    }
    traces
}

/// An input over `duration` ms, and rates that are scaled onto it.
pub(crate) fn panel(
    waveform: &Waveform,
    duration: f64,
    curves: &[(&str, Color, &Tracking)],
) -> Panel {
    let mut plot = Plot::new(&format!("{}: input and scaled rate", waveform.name()))
        .x_axis(Axis::new("time").unit("ms").range(0.0, duration))
        .y_axis(Axis::new("in units of the input's peak").from(0.0));
    if let Some((_, _, first)) = curves.first() {
        let input = Line::new(&first.time_ms, &first.input).label("input");
        plot = plot.with(input.color(Color::GREY).dash(Dash::Dashed));
    }
    for (name, color, tracking) in curves {
        let scaled = Line::new(&tracking.time_ms, &tracking.scaled).label(name);
        plot = plot.with(scaled.color(*color).width(1.0));
    }
    Panel::new(plot).height(150.0)
}
