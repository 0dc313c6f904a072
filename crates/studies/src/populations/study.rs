//! The study: a network of populations simulated, diagnosed, and beside its mean field.

use std::path::Path;

use equipoise_encoder::populations::Settings as Network;
use equipoise_encoder::populations::theory::{MeanField, mean_field_watched};
use equipoise_report::Report;
use rayon::prelude::*;

use super::error::of_simulator;
use super::images::{self, Shown};
use super::results::{PopulationsResults, Simulated, StabilityMap};
use super::settings::{PopulationsSettings, StabilitySettings};
use super::simulate::{self, Run};
use super::variation::changed;
use super::{report, tables};
use crate::context::{Unit, gather_parallel, unless_deferred};
use crate::{Context, Identity, Metrics, OrStudyError, Study, StudyError, cost};

/// Populations up to which the stability of the mean field is mapped.
const MAPPED: usize = 16;

/// The network, and what it is shown.
#[derive(Debug, Clone)]
pub struct Inputs {
    /// The network, with the sources of the images.
    pub network: Network,
    /// The images, if any are shown.
    pub shown: Option<Shown>,
}

/// Is each population of a network balanced? The simulation is a unit, which goes on where it was
/// stopped.
#[derive(Debug)]
pub struct Populations;

impl Study for Populations {
    const NAME: &'static str = "balance-populations";
    type Settings = PopulationsSettings;
    type Inputs = Inputs;
    type Results = PopulationsResults;

    fn open(settings: &PopulationsSettings, root: &Path) -> Result<Inputs, StudyError> {
        let mut network = settings.network().or_settings()?;
        let shown = images::open(settings, &mut network, root)?;
        Ok(Inputs { network, shown })
    }

    fn data(inputs: &Inputs) -> Identity {
        let images = inputs.shown.as_ref().map(|shown| shown.images.fingerprint());
        images.iter().fold(Identity::new(), |identity, images| identity.with("data", images))
    }

    fn remarks(settings: &PopulationsSettings, inputs: &Inputs) -> Vec<String> {
        let network = &inputs.network;
        let mut remarks = inputs.shown.as_ref().map_or_else(Vec::new, |s| s.remarks.clone());
        if let Ok(size) = network.validate() {
            remarks.push(format!(
                "{} neurons and sources, {:.2e} synapses, {:.2} GiB; {} ms to simulate",
                size.neurons,
                size.synapses,
                size.bytes / f64::from(1 << 30),
                simulate::total_ms(settings, network)
            ));
        }
        if network.populations.len() > MAPPED && !is_empty(&settings.stability) {
            remarks.push(format!(
                "the stability of the mean field is not mapped for more than {MAPPED} populations"
            ));
        }
        remarks
    }

    fn run(
        settings: &PopulationsSettings,
        inputs: &Inputs,
        context: &Context<'_>,
    ) -> Result<PopulationsResults, StudyError> {
        let network = &inputs.network;
        let text = toml::to_string(network).map_err(StudyError::failed)?;
        context.write("network.toml", text.as_bytes())?;
        let of_network = Identity::new().with_settings("network", network);
        let field = context.unit(Unit::new("mean-field").immediate(), &of_network, || {
            mean_field_watched(network, &|| context.poll()).map_err(of_simulator)
        })?;
        let mapped = network.populations.len() <= MAPPED && !is_empty(&settings.stability);
        let stability = mapped
            .then(|| {
                let identity = of_network.clone().with_settings("stability", &settings.stability);
                let map = context.unit("stability", &identity, || {
                    stability(network, &settings.stability, context)
                });
                unless_deferred(map)
            })
            .transpose()?
            .flatten();
        let identity = of_network
            .with("seed", settings.seed)
            .with_settings("diagnosis", &settings.diagnosis)
            .with_settings("learning", &settings.learning)
            .with_settings("recording", &(settings.window, &settings.record));
        let identity = match &inputs.shown {
            Some(shown) => identity.with("image", shown.images.subset(&[0]).fingerprint()),
            None => identity,
        }
        .with("r_max", inputs.shown.as_ref().map_or(0.0, |_| settings.stimulus.r_max));
        let seconds = cost::populations(network) * simulate::total_ms(settings, network) / 1000.0;
        let unit = Unit::new(simulate::KEY).seed(settings.seed).seconds(seconds);
        let files = |found: &Simulated| found.files.clone();
        let simulated = context.unit_with_files(unit, &identity, files, || {
            let built = simulate::build(network, settings.seed, context)?;
            Run::open(settings, context, &identity, &built, inputs.shown.as_ref())?.finish()
        })?;
        let counted = inputs
            .shown
            .as_ref()
            .map(|shown| images::encode(settings, network, shown, context))
            .transpose()?;
        if mapped && stability.is_none() {
            return Err(StudyError::Deferred);
        }
        Ok(PopulationsResults {
            network: network.clone(),
            simulated,
            mean_field: field,
            stability,
            counted,
            diagnosis: settings.diagnosis.clone(),
        })
    }

    fn report(found: &PopulationsResults) -> Report {
        report::report(found)
    }

    fn metrics(found: &PopulationsResults) -> Metrics {
        let mut metrics = Metrics::default();
        let several = found.simulated.recordings.len() > 1;
        for recorded in &found.simulated.recordings {
            for state in &recorded.populations {
                let name = match several {
                    true => format!("{}.{}", recorded.name, state.name),
                    false => state.name.clone(),
                };
                metrics.put(format!("{name}.balanced"), u8::from(state.verdict.balanced));
                metrics.put(format!("{name}.rate_hz"), state.rate_hz);
                metrics.put_some(format!("{name}.cv"), state.cv.mean);
                metrics.put_some(format!("{name}.correlation"), state.mean_correlation);
                metrics.put_some(format!("{name}.input_correlation"), state.input_correlation);
            }
        }
        metrics.put("mean_field.stable", u8::from(found.mean_field.is_stable()));
        metrics
    }

    fn summary_within(found: &PopulationsResults, width: usize) -> String {
        let mut text = String::new();
        for recorded in &found.simulated.recordings {
            text += &tables::activity(found, recorded).to_text_within(width);
        }
        for recorded in found.simulated.recordings.iter().rev().take(1) {
            for state in &recorded.populations {
                text += &format!("{}: {}\n", state.name, state.verdict);
            }
        }
        text
    }
}

fn is_empty(stability: &StabilitySettings) -> bool {
    stability.inhibition.is_empty() || stability.drive.is_empty()
}

/// The mean field at every point of the map.
fn stability(
    network: &Network,
    settings: &StabilitySettings,
    context: &Context<'_>,
) -> Result<StabilityMap, StudyError> {
    let StabilitySettings { inhibition, drive } = settings;
    let points: Vec<(f64, f64)> =
        drive.iter().flat_map(|&y| inhibition.iter().map(move |&x| (x, y))).collect();
    let stage = context.stage("mean field", points.len() as u64)?;
    let fields = gather_parallel(points.par_iter().map(|&(x, y)| {
        let field = mean_field_watched(&changed(network, x, y), &|| context.poll())
            .map_err(of_simulator)?;
        stage.advance(1)?;
        Ok(field)
    }))?;
    let sizes: Vec<f64> = network
        .populations
        .iter()
        .map(|p| if p.source.is_some() { 0.0 } else { p.size as f64 })
        .collect();
    let all: f64 = sizes.iter().sum();
    let mean = |field: &MeanField| {
        field.rates_hz.iter().zip(&sizes).map(|(rate, size)| rate * size).sum::<f64>()
            / all.max(1.0)
    };
    Ok(StabilityMap {
        inhibition: inhibition.clone(),
        drive: drive.clone(),
        largest_eigenvalue: fields
            .iter()
            .map(|field| {
                field.largest_eigenvalue.filter(|value| field.converged && value.is_finite())
            })
            .collect(),
        rate_hz: fields.iter().map(mean).collect(),
    })
}
