//! A regime's network at work on one image: the raster, the rates, and whether it is balanced.

use std::ops::ControlFlow;

use equipoise_data::spikes::SpikeTrains;
use equipoise_encoder::balance::{self, Diagnosis, DiagnosisConfig, Evidence, Verdict};
use equipoise_encoder::images::Encoder;
use equipoise_encoder::network::{Network, Trial};
use equipoise_encoder::populations::{ImageEncoder, Population, Sign};
use equipoise_metrics::spikes;
use equipoise_metrics::summary::Summary;
use serde::{Deserialize, Serialize};

use super::encoding::Part;
use crate::error::{OrStudyError, StudyError};

/// Length of the recording that the diagnosis is made of, ms; an image's own is too short for
/// an interval distribution.
const RECORDING_MS: f64 = 1000.0;

/// Neurons of a raster, excitatory and inhibitory in their proportion.
pub const RASTER_NEURONS: usize = 100;
/// Time shown in a raster, ms.
pub const RASTER_MS: f64 = 300.0;

/// What one regime's network does while it sees an image.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Activity {
    /// The regime.
    pub regime: String,
    /// Rows of the raster: neurons spread evenly over the network.
    pub rows: usize,
    /// Its spikes, excitatory and inhibitory: time (ms) and row, in the order of time.
    pub raster: [Vec<(f32, usize)>; 2],
    /// Rate of each neuron over a second, Hz.
    pub rates: Vec<f64>,
    /// CV of the inter-spike intervals of each neuron that fires enough.
    pub cvs: Vec<f64>,
    /// Mean rate, Hz.
    pub rate_hz: f64,
    /// Mean CV; none where no neuron fires enough.
    pub cv: Option<f64>,
    /// Mean excitatory input in units of the mean threshold.
    pub excitation_over_threshold: f64,
    /// Mean inhibition over mean excitation.
    pub inhibition_over_excitation: f64,
    /// Mean net input in units of the mean threshold.
    pub net_over_threshold: f64,
    /// Balanced or not, and the numbers that say so.
    pub verdict: Verdict,
    /// The same of each population; empty for one excitatory and one inhibitory population.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub populations: Vec<PopulationActivity>,
}

/// A population of a network that has several, while it sees the image.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PopulationActivity {
    /// Its name.
    pub name: String,
    /// Its neurons.
    pub neurons: usize,
    /// Whether its neurons inhibit.
    pub inhibitory: bool,
    /// Their mean rate, Hz.
    pub rate_hz: f64,
    /// Their mean CV; none where no neuron fires enough.
    pub cv: Option<f64>,
    /// Balanced or not, and the numbers that say so.
    pub verdict: Verdict,
}

/// Shows an image (intensities) to the network for a second, as a test image of the seed.
///
/// # Errors
/// [`StudyError::Failed`] if the network refuses.
pub fn observe(
    seed: u64,
    regime: &str,
    network: &Encoder,
    image: &[f32],
) -> Result<Activity, StudyError> {
    match network {
        Encoder::Pair(network) => pair(seed, regime, network, image),
        Encoder::Populations(network) => populations(seed, regime, network, image),
    }
}

/// The spikes of neurons that are spread evenly over the network, by their kinds.
struct Raster {
    rows: usize,
    spikes: [Vec<(f32, usize)>; 2],
}

impl Raster {
    fn of(recorded: &SpikeTrains, neurons: usize, is_inhibitory: impl Fn(usize) -> bool) -> Self {
        let rows = RASTER_NEURONS.min(neurons);
        // Evenly spaced neurons keep the proportion of the two kinds.
        let row_of = |neuron: usize| {
            let row = neuron * rows / neurons.max(1);
            (row * neurons).div_ceil(rows.max(1)).eq(&neuron).then_some(row)
        };
        let mut spikes = [Vec::new(), Vec::new()];
        for (&time, &neuron) in recorded.times.iter().zip(&recorded.ids) {
            let neuron = neuron as usize;
            if let Some(row) = row_of(neuron)
                && f64::from(time) <= RASTER_MS
            {
                spikes[usize::from(is_inhibitory(neuron))].push((time, row));
            }
        }
        Self { rows, spikes }
    }
}

/// The rate of each unit, Hz.
fn rates(recorded: &SpikeTrains) -> Result<Vec<f64>, StudyError> {
    let trains = spikes::UnitTrains::from_events(&recorded.times, &recorded.ids, recorded.units)
        .or_failed()?;
    Ok(trains.iter().map(|train| train.len() as f64 / (RECORDING_MS / 1000.0)).collect())
}

/// [`observe`] for an excitatory and an inhibitory population.
fn pair(seed: u64, regime: &str, network: &Network, image: &[f32]) -> Result<Activity, StudyError> {
    let trial = network.trial(Part::Test.seed(seed), 0);
    let trial = Trial { image: Some(image), duration: RECORDING_MS, parallel: true, ..trial };
    let recording = balance::diagnose(network, &trial, &DiagnosisConfig::default()).or_failed()?;
    let (recorded, found) = (recording.spikes, recording.diagnosis);
    let raster =
        Raster::of(&recorded, recorded.units, |neuron| neuron >= network.excitatory_neurons());
    let threshold = network.config().threshold.mean();
    Ok(Activity {
        regime: regime.to_owned(),
        rows: raster.rows,
        raster: raster.spikes,
        rates: rates(&recorded)?,
        cvs: found.irregularity.neurons.iter().filter_map(|neuron| neuron.cv).collect(),
        rate_hz: found.rate_hz,
        cv: found.irregularity.cv.mean,
        excitation_over_threshold: found.excitation / threshold,
        inhibition_over_excitation: found.inhibition_over_excitation,
        net_over_threshold: found.net / threshold,
        verdict: found.verdict,
        populations: Vec::new(),
    })
}

/// [`observe`] for a network of populations, of which spike sources are left out.
fn populations(
    seed: u64,
    regime: &str,
    network: &ImageEncoder,
    image: &[f32],
) -> Result<Activity, StudyError> {
    let go_on = &|| ControlFlow::Continue(());
    let config = DiagnosisConfig::default();
    let (all, found) =
        network.observe(image, Part::Test.seed(seed), RECORDING_MS, &config, go_on).or_failed()?;
    let settings = network.network().settings();
    // Neurons by their number among those that are no sources.
    let mut places: Vec<Option<u32>> = Vec::with_capacity(settings.neurons());
    let mut inhibitory = Vec::new();
    for population in &settings.populations {
        for _ in 0..population.size {
            let neuron = population.source.is_none().then_some(inhibitory.len() as u32);
            places.push(neuron);
            inhibitory.extend(neuron.map(|_| population.sign == Sign::Inhibitory));
        }
    }
    let events = all.times.iter().zip(&all.ids);
    let (times, ids) = events.filter_map(|(&time, &id)| Some((time, places[id as usize]?))).unzip();
    let units = inhibitory.len();
    let recorded = SpikeTrains { duration_ms: all.duration_ms, units, times, ids };
    let raster = Raster::of(&recorded, units, |neuron| inhibitory[neuron]);
    let members = found.populations.iter().filter_map(|p| {
        let at = settings.population(&p.name)?;
        Some((&settings.populations[at], &p.diagnosis))
    });
    let members: Vec<(&Population, &Diagnosis)> = members.collect();
    let mean = |of: &dyn Fn(&Population, &Diagnosis) -> f64| {
        let sum: f64 = members.iter().map(|(p, d)| p.size as f64 * of(p, d)).sum();
        sum / units.max(1) as f64
    };
    let threshold = |p: &Population| p.neuron.threshold.mean() - p.neuron.rest;
    let cvs: Vec<f64> = members
        .iter()
        .flat_map(|(_, d)| d.irregularity.neurons.iter().filter_map(|neuron| neuron.cv))
        .collect();
    let cv = Summary::of(&cvs).mean;
    let chi = members.iter().filter_map(|(_, d)| d.synchrony.map(|s| s.chi)).reduce(f64::max);
    // Inputs in units of each neuron's own threshold.
    let excitation = mean(&|p, d| d.excitation / threshold(p));
    let inhibition = mean(&|p, d| d.inhibition / threshold(p));
    let evidence = Evidence {
        rate_hz: mean(&|_, d| d.rate_hz),
        refractory_ms: mean(&|p, _| p.neuron.refractory.mean()),
        threshold_mv: 1.0,
        excitation_mv: excitation,
        inhibition_mv: inhibition,
        cv,
        synchrony: chi,
    };
    Ok(Activity {
        regime: regime.to_owned(),
        rows: raster.rows,
        raster: raster.spikes,
        rates: rates(&recorded)?,
        cvs,
        rate_hz: evidence.rate_hz,
        cv,
        excitation_over_threshold: excitation,
        inhibition_over_excitation: if excitation > 0.0 { -inhibition / excitation } else { 0.0 },
        net_over_threshold: excitation + inhibition,
        verdict: config.criteria.judge(&evidence),
        populations: members
            .iter()
            .map(|(population, diagnosis)| PopulationActivity {
                name: population.name.clone(),
                neurons: population.size,
                inhibitory: population.sign == Sign::Inhibitory,
                rate_hz: diagnosis.rate_hz,
                cv: diagnosis.irregularity.cv.mean,
                verdict: diagnosis.verdict.clone(),
            })
            .collect(),
    })
}
