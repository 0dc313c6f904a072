//! The tables of the study.

use equipoise_metrics::statistics::holm;
use equipoise_metrics::summary::Summary;
use equipoise_report::{Cell, Column, Table};

use super::super::statistics::{CONFIDENCE, mean_cell};
use super::results::{DOSES, DoseResults, NetworkSlope, Number, RESPONSES};

/// The networks of a line: their balance and what is read from them, with intervals.
pub(super) fn line(found: &DoseResults, line: usize) -> Table {
    let along = found.settings.lines.get(line).map_or("", |l| l.along.label());
    let level = 100.0 * found.settings.accuracy;
    let mut table = Table::new(&format!("Along {along}, means over repetitions"))
        .column(Column::number(along).decimals(2))
        .column(Column::text("state"))
        .column(Column::number("drive").unit("mV").decimals(1))
        .column(Column::number("rate").unit("Hz").decimals(1))
        .column(Column::number("CV").key("cv").decimals(2))
        .column(Column::number("net / threshold").key("net").decimals(2))
        .column(Column::number("I / E").key("cancelled").decimals(2))
        .column(Column::number("correlation of counts").key("count_correlation").decimals(3))
        .column(Column::percent("accuracy", 1))
        .column(Column::percent("at equal spikes", 1).key("accuracy_equal_spikes"))
        .column(Column::percent("shuffled", 1).key("accuracy_shuffled"))
        .column(Column::number("PSNR").unit("dB").key("psnr_db").decimals(2))
        .column(Column::number(&format!("{level:.0} % at")).unit("ms").key("reached_ms").decimals(1))
        .column(Column::number("information").decimals(1))
        .column(Column::number("information, shuffled").decimals(1))
        .note(
            "Accuracy and PSNR: at equal time. Shuffled: each neuron's spikes from a recording of its \
             own of the same image. Information: linear Fisher information of a change of the whole \
             way from an image to another. Intervals of 95 % are over repetitions.",
        );
    let plain: [Number; 7] = [
        |c| Some(c.matched.drive_mv),
        |c| Some(c.matched.during_hz),
        |c| c.state.cv,
        |c| Some(c.state.net),
        |c| Some(c.state.cancelled),
        |c| c.state.count_correlation,
        |c| Some(c.equal_time.accuracy),
    ];
    let rest: [Number; 6] = [
        |c| Some(c.equal_spikes.accuracy),
        |c| Some(c.shuffled?.accuracy),
        |c| Some(c.equal_time.psnr_db),
        |c| c.reached_ms,
        |c| Some(c.information),
        |c| Some(c.information_shuffled),
    ];
    for value in found.values(line) {
        let cells = found.of_line(line).filter(|c| c.value == value);
        let mut states: Vec<&str> = cells.map(|c| c.state.state().label()).collect();
        states.sort_unstable();
        states.dedup();
        let mut row: Vec<Cell> = vec![value.into(), states.join(", ").into()];
        row.extend(plain.iter().take(6).map(|&of| mean_of(&found.numbers(line, value, of))));
        row.push(mean_cell(&found.numbers(line, value, plain[6])));
        row.extend(rest.iter().map(|&of| mean_cell(&found.numbers(line, value, of))));
        table.row(row);
    }
    table
}

fn mean_of(values: &[f64]) -> Cell {
    match values.len() {
        0 => Cell::Missing,
        n => (values.iter().sum::<f64>() / n as f64).into(),
    }
}

/// The slope of a response over a dose: over which networks, and what it is.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Slope {
    /// The line; none for all networks.
    pub line: Option<usize>,
    /// The dose.
    pub dose: &'static str,
    /// The response.
    pub response: &'static str,
    /// Its slopes over the repetitions, scaled.
    pub slopes: Vec<f64>,
    /// p of the t-test that their mean is 0, corrected by Holm over the responses of this dose and
    /// line.
    pub p: Option<f64>,
    /// Mean slope over its standard deviation (Cohen's d of one sample).
    pub effect: Option<f64>,
    /// The slope over networks, not scaled; none for few of them.
    pub networks: Option<NetworkSlope>,
    /// What that slope, its interval and its standard deviations are multiplied by.
    pub scale: f64,
    /// p of that slope, corrected by Holm over the same responses.
    pub networks_p: Option<f64>,
}

impl Slope {
    /// The mean over repetitions.
    pub fn mean(&self) -> Option<f64> {
        Summary::of(&self.slopes).mean
    }

    /// Whether it is told from 0 at 5 %, after correction.
    pub fn is_told(&self) -> bool {
        self.p.is_some_and(|p| p < 0.05)
    }
}

/// All slopes, each line's and those over all networks, each group corrected together.
pub(super) fn slopes(found: &DoseResults) -> Vec<Slope> {
    let lines = found.settings.lines.len();
    let over: Vec<Option<usize>> = std::iter::once(None).chain((0..lines).map(Some)).collect();
    let mut all = Vec::new();
    for line in over {
        for (dose, dose_of) in DOSES {
            let mut group: Vec<Slope> = RESPONSES
                .iter()
                .map(|&(response, scale, of)| {
                    let slopes: Vec<f64> =
                        found.slopes(line, dose_of, of).iter().map(|s| scale * s).collect();
                    let summary = Summary::of(&slopes);
                    let effect = summary.mean.zip(summary.std.filter(|s| *s > 0.0));
                    let effect = effect.map(|(mean, std)| mean / std);
                    let networks = found.over_networks(line, dose_of, of);
                    let (p, networks_p) = (None, None);
                    Slope { line, dose, response, slopes, p, effect, networks, scale, networks_p }
                })
                .collect();
            correct(&mut group);
            all.extend(group);
        }
    }
    all
}

fn correct(group: &mut [Slope]) {
    let zeros = |n: usize| vec![0.0; n];
    let tested: Vec<(usize, f64)> = group
        .iter()
        .enumerate()
        .filter_map(|(k, slope)| {
            let none = zeros(slope.slopes.len());
            let two_sided = equipoise_metrics::statistics::Alternative::TwoSided;
            let test = equipoise_metrics::statistics::paired_t(&slope.slopes, &none, two_sided);
            Some((k, test.ok()?.p_value))
        })
        .collect();
    let plain: Vec<f64> = tested.iter().map(|t| t.1).collect();
    for ((k, _), p) in tested.iter().zip(holm(&plain).unwrap_or_default()) {
        group[*k].p = Some(p);
    }
    let tested: Vec<(usize, f64)> = group
        .iter()
        .enumerate()
        .filter_map(|(k, slope)| Some((k, slope.networks?.model.p_value)))
        .collect();
    let plain: Vec<f64> = tested.iter().map(|t| t.1).collect();
    for ((k, _), p) in tested.iter().zip(holm(&plain).unwrap_or_default()) {
        group[*k].networks_p = Some(p);
    }
}

/// The slopes as a table.
pub(super) fn slope_table(found: &DoseResults, slopes: &[Slope]) -> Table {
    let mut table = Table::new("Slopes of responses over measured balance")
        .column(Column::text("networks"))
        .column(Column::text("dose"))
        .column(Column::text("response"))
        .column(Column::integer("repetitions"))
        .column(Column::number("slope").decimals(2))
        .column(Column::p_value("p, corrected").key("p"))
        .column(Column::number("Cohen's d").key("d").decimals(1))
        .column(Column::integer("networks").key("n_networks"))
        .column(Column::number("slope over networks").key("slope_networks").decimals(2))
        .column(Column::p_value("p over networks, corrected").key("p_networks"))
        .column(Column::number("r² over networks").key("r_squared_networks").decimals(2))
        .column(Column::number("SD of networks").key("sd_networks").decimals(2))
        .column(Column::number("SD of repetitions").key("sd_repetitions").decimals(2))
        .note(
            "Least squares within each repetition; the interval and the t-test are over the slopes \
             of repetitions, corrected by Holm over the responses of a dose and a line. A slope is \
             per unit of the dose. It speaks for other draws of the same networks.",
        )
        .note(
            "Over networks: a mixed model with the network as a random intercept, by restricted \
             maximum likelihood, with Satterthwaite's degrees of freedom and the same correction. It \
             asks whether other networks would do so too. r²: of the networks' means; the standard \
             deviations are those about the line, of networks, and of repetitions about their network.",
        );
    for slope in slopes {
        let networks = slope.line.map_or_else(
            || "all".to_owned(),
            |line| format!("along {}", found.settings.lines[line].along.label()),
        );
        let mut row: Vec<Cell> = vec![
            networks.into(),
            slope.dose.into(),
            slope.response.into(),
            slope.slopes.len().into(),
            mean_cell(&slope.slopes),
            slope.p.map_or(Cell::Missing, Cell::from),
            slope.effect.map_or(Cell::Missing, Cell::from),
        ];
        row.extend(over_networks(slope));
        table.row(row);
    }
    table
}

/// The cells of a slope over networks.
fn over_networks(slope: &Slope) -> [Cell; 6] {
    let Some(NetworkSlope { model, r_squared }) = slope.networks else {
        return [const { Cell::Missing }; 6];
    };
    let scaled = |value: f64| slope.scale * value;
    [
        model.groups.into(),
        Cell::interval(scaled(model.slope), scaled(model.low), scaled(model.high)),
        slope.networks_p.map_or(Cell::Missing, Cell::from),
        r_squared.into(),
        scaled(model.group_variance.sqrt()).into(),
        scaled(model.residual_variance.sqrt()).into(),
    ]
}

/// Every network, row by row.
pub(super) fn cells(found: &DoseResults) -> Table {
    let mut table = Table::new("Networks")
        .column(Column::text("along"))
        .column(Column::number("value").decimals(4))
        .column(Column::integer("repetition"))
        .column(Column::text("state"))
        .column(Column::number("drive").unit("mV").decimals(3))
        .column(Column::number("before").unit("Hz").decimals(3))
        .column(Column::number("during").unit("Hz").decimals(3))
        .column(Column::number("CV").key("cv").decimals(4))
        .column(Column::number("net / threshold").key("net").decimals(4))
        .column(Column::number("I / E").key("cancelled").decimals(4))
        .column(Column::number("correlation of counts").key("count_correlation").decimals(5))
        .column(Column::number("accuracy").decimals(4))
        .column(Column::number("PSNR").key("psnr_db").unit("dB").decimals(3))
        .column(Column::number("SSIM").key("ssim").decimals(4))
        .column(Column::number("time at equal spikes").unit("ms").decimals(1))
        .column(Column::number("accuracy at equal spikes").decimals(4))
        .column(Column::number("PSNR at equal spikes").unit("dB").decimals(3))
        .column(Column::number("accuracy, shuffled").decimals(4))
        .column(Column::number("PSNR, shuffled").unit("dB").decimals(3))
        .column(Column::number("reached").key("reached_ms").unit("ms").decimals(2))
        .column(Column::number("information").decimals(3))
        .column(Column::number("information, shuffled").decimals(3));
    let some = |value: Option<f64>| value.map_or(Cell::Missing, Cell::from);
    for cell in &found.cells {
        table.row([
            cell.along.label().into(),
            cell.value.into(),
            (cell.repeat + 1).into(),
            cell.state.state().label().into(),
            cell.matched.drive_mv.into(),
            cell.matched.before_hz.into(),
            cell.matched.during_hz.into(),
            some(cell.state.cv),
            cell.state.net.into(),
            cell.state.cancelled.into(),
            some(cell.state.count_correlation),
            cell.equal_time.accuracy.into(),
            cell.equal_time.psnr_db.into(),
            cell.equal_time.ssim.into(),
            cell.equal_spikes.ms.into(),
            cell.equal_spikes.accuracy.into(),
            cell.equal_spikes.psnr_db.into(),
            some(cell.shuffled.map(|s| s.accuracy)),
            some(cell.shuffled.map(|s| s.psnr_db)),
            some(cell.reached_ms),
            cell.information.into(),
            cell.information_shuffled.into(),
        ]);
    }
    table
}

/// The interval of the mean of numbers, if there is one.
pub(super) fn interval(values: &[f64]) -> Option<(f64, f64, f64)> {
    let summary = Summary::with_confidence(values, CONFIDENCE);
    Some((summary.mean?, summary.ci_low?, summary.ci_high?))
}
