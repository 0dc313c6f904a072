//! Figures of one network and of several regimes.

use equipoise_encoder::balance::ImageCoding;
use equipoise_figure::{
    Axis, Color, Figure, Histogram, Line, Marker, Panel, Plot, Rule, Spikes, Stack,
};

use super::picture::Picture;

/// The colour of the k-th regime: balanced first, as the regimes are usually named.
pub(super) fn color(name: &str, index: usize) -> Color {
    match name {
        "balanced" => Color::BALANCED,
        "unbalanced-g" => Color::UNBALANCED,
        "unbalanced-p" => Color::UNBALANCED_2,
        "low-threshold" => Color::SKY,
        _ => Color::cycle(index),
    }
}

/// Raster, population rate and currents of one neuron, and the distributions of intervals and of
/// their CV. `rate_hz` and `mean_cv` are of the whole recording.
pub(super) fn network(
    name: &str,
    picture: &Picture,
    rate_hz: f64,
    mean_cv: Option<f64>,
    minimum_spikes: usize,
) -> Figure {
    let time = Axis::new("time").unit("ms").range(picture.start_ms, picture.end_ms);
    let activity = Stack::new(name, time)
        .row(raster(picture), 2.0)
        .row(population_rate(picture), 1.0)
        .row(currents(picture), 1.4);
    let most = picture.longest_interval_ms;
    let edges: Vec<f64> = (0..=picture.intervals.len())
        .map(|i| most * i as f64 / picture.intervals.len() as f64)
        .collect();
    let isi = Plot::new("Inter-spike intervals")
        .x_axis(Axis::new("interval").unit("ms").range(0.0, most))
        .y_axis(Axis::new("density").unit("1/ms").from(0.0))
        .with(Histogram::new(&edges, &picture.intervals).density().color(Color::NET));
    let (e, i) = (&picture.excitatory_cvs, &picture.inhibitory_cvs);
    let most = e.iter().chain(i).fold(1.0f64, |a, &b| a.max(b)) * 1.02;
    let density = |cvs: &[f64]| Histogram::count(cvs, 0.0, most, 40).density();
    let cv = Plot::new("Irregularity")
        .x_axis(Axis::new("CV of the intervals").range(0.0, most))
        .y_axis(Axis::new("neurons, density").from(0.0))
        .with(density(e).label("excitatory").color(Color::EXCITATORY))
        .with(density(i).label("inhibitory").color(Color::INHIBITORY).outline())
        .with(Rule::vertical(1.0).label("Poisson"));
    let mean_cv = mean_cv.map_or("none".to_owned(), |cv| format!("{cv:.2}"));
    Figure::new()
        .columns(2)
        .panel(Panel::new(activity).span(2).height(260.0).note(&format!("{rate_hz:.1} Hz")))
        .panel(isi)
        .panel(
            Panel::new(cv)
                .note(&format!("mean {mean_cv}, neurons of {minimum_spikes} spikes or more")),
        )
}

fn raster(picture: &Picture) -> Plot {
    let events = |spikes: &[(f32, usize)]| {
        spikes.iter().map(|&(t, row)| (f64::from(t), row)).collect::<Vec<_>>()
    };
    let (e, i) = (events(&picture.excitatory_spikes), events(&picture.inhibitory_spikes));
    Plot::new("")
        .y_axis(Axis::new("neuron").range(-0.5, picture.rows as f64 - 0.5))
        .with(Spikes::new(e).label("excitatory").color(Color::EXCITATORY))
        .with(Spikes::new(i).label("inhibitory").color(Color::INHIBITORY))
}

fn population_rate(picture: &Picture) -> Plot {
    let rate = &picture.rate_hz;
    let time: Vec<f64> = (0..rate.len()).map(|k| picture.start_ms + k as f64 + 0.5).collect();
    Plot::new("")
        .y_axis(Axis::new("rate").unit("Hz").from(0.0))
        .with(Line::new(&time, rate).color(Color::NET).width(0.8))
}

fn currents(picture: &Picture) -> Plot {
    let sample = picture.sample_ms;
    let series = |values: &[f32]| values.iter().map(|&v| f64::from(v)).collect::<Vec<f64>>();
    let (e, i, net) =
        (series(&picture.excitation), series(&picture.inhibition), series(&picture.net));
    let time: Vec<f64> =
        (0..e.len()).map(|k| (picture.first_sample + k) as f64 * sample + 0.5 * sample).collect();
    Plot::new("")
        .y_axis(Axis::new("input RI").unit("mV"))
        .with(Line::new(&time, &e).label("excitation").color(Color::EXCITATORY).width(0.8))
        .with(Line::new(&time, &i).label("inhibition").color(Color::INHIBITORY).width(0.8))
        .with(Line::new(&time, &net).label("net").color(Color::NET).width(0.8))
        .with(Rule::horizontal(picture.threshold_mv).label("threshold"))
}

/// What was found of each regime (by name), along one axis.
pub(super) struct Curves<'a> {
    pub(super) regimes: Vec<(&'a str, &'a [ImageCoding])>,
    pub(super) label: &'a str,
    pub(super) at: fn(&ImageCoding) -> f64,
}

impl Curves<'_> {
    /// The quality of the readout; below it, if asked for, the activity.
    pub(super) fn figure(&self, activity: bool) -> Figure {
        let psnr = Axis::new("PSNR").unit("dB");
        // The mean image is the floor of every curve, so its line belongs into the picture.
        let first = self.regimes.first().and_then(|(_, row)| row.first());
        let reconstruction = match first {
            None => self.plot("Linear reconstruction", psnr, |c| c.psnr_db),
            Some(c) => {
                let floor = c.mean_image_psnr_db;
                self.plot("Linear reconstruction", psnr.include(floor - 0.5), |c| c.psnr_db)
                    .with(Rule::horizontal(floor).label("mean image"))
            }
        };
        let share = |label: &str| Axis::new(label).range(0.0, 1.0);
        let mut figure = Figure::new().columns(3).panel(reconstruction).panel(self.plot(
            "Explained variance",
            share("R²"),
            |c| c.r_squared.max(0.0),
        ));
        if first.is_some_and(|c| c.accuracy.is_some()) {
            let accuracy = |c: &ImageCoding| c.accuracy.unwrap_or(f64::NAN);
            figure = figure.panel(self.plot("Linear classifier", share("accuracy"), accuracy));
        }
        if !activity {
            return figure;
        }
        let rate = Axis::new("rate").unit("Hz").from(0.0);
        figure
            .panel(self.plot("Mean rate", rate, |c| c.rate_hz))
            .panel(self.plot("Sparseness", share("sparseness"), |c| c.sparseness))
            .panel(self.plot("Silent neurons", share("share silent"), |c| c.silent))
    }

    fn plot(&self, title: &str, y: Axis, value: fn(&ImageCoding) -> f64) -> Plot {
        let mut plot = Plot::new(title).x_axis(Axis::new(self.label).log()).y_axis(y);
        for (k, (name, row)) in self.regimes.iter().enumerate() {
            let x: Vec<f64> = row.iter().map(self.at).collect();
            let y: Vec<f64> = row.iter().map(value).collect();
            plot = plot
                .with(Line::new(&x, &y).label(name).color(color(name, k)).marker(Marker::Circle));
        }
        plot
    }
}
