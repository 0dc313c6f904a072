//! A network that runs while somebody looks on, and what the page is told of it.

use equipoise_encoder::balance::{
    BalanceError, Criteria, DiagnosisConfig, Findings, Monitor, Reason,
};
use equipoise_encoder::network::{Network, NetworkConfig, NetworkError, REGIMES, Regime, Trial};
use equipoise_metrics::spikes::NeuronIrregularity;
use serde::Serialize;

use crate::circuit::G;
use crate::settings::{CircuitName, Input, Settings};

/// The part of the recording that is judged, ms.
const WINDOW_MS: f64 = 1000.0;
/// Length of the pieces of a recording, ms.
const PIECE_MS: f64 = 20.0;
/// Simulated for a point of the map, ms.
const MAP_MS: f64 = 400.0;
/// Bins of the histogram of the CVs, and its end.
const CV_BINS: usize = 30;
const LARGEST_CV: f64 = 3.0;

/// A network that runs.
pub type Session = Monitor<'static, Box<Network>>;

/// What the page is told of a network when it starts.
#[derive(Debug, Serialize)]
pub struct Description {
    /// Neurons 0.. this are excitatory.
    excitatory_neurons: usize,
    /// The neurons whose inputs are recorded.
    recorded: Vec<usize>,
    /// Connections of each neuron, excitatory and inhibitory.
    in_degree: [usize; 2],
    synapses: usize,
    /// Weights, mV.
    weights: [f64; 2],
    background_rate_hz: f64,
    /// What `equipoise balance` runs.
    toml: String,
}

/// A diagnosis as far as the page shows it.
#[derive(Debug, Serialize)]
pub struct Shown {
    balanced: bool,
    state: &'static str,
    /// The verdict as the command tells it.
    text: String,
    reasons: Vec<ShownReason>,
    rate_hz: f64,
    excitatory_rate_hz: f64,
    inhibitory_rate_hz: f64,
    mean_field_rate_hz: f64,
    excitation_mv: f64,
    inhibition_mv: f64,
    net_mv: f64,
    input_correlation: Option<f64>,
    cv: Option<f64>,
    /// Neurons by the CV of their intervals, in bins of a tenth; the last holds what is above.
    excitatory_cvs: Vec<u32>,
    inhibitory_cvs: Vec<u32>,
    /// The part of the recording that was judged, ms.
    window_ms: f64,
}

/// A criterion and what was found.
#[derive(Debug, Serialize)]
struct ShownReason {
    #[serde(flatten)]
    reason: Reason,
    /// Both in words, as the command tells them.
    text: String,
    /// Why there is such a bound.
    why: &'static str,
}

/// What a recording of a given length was.
#[derive(Debug, Serialize)]
pub struct Recording {
    /// The hash of its spikes.
    hash: String,
    judged: Shown,
}

/// A point of the map.
#[derive(Debug, Serialize)]
pub struct Point {
    state: &'static str,
    rate_hz: f64,
    cv: Option<f64>,
}

/// Settings to begin with.
#[derive(Debug, Serialize)]
pub struct Preset {
    group: &'static str,
    name: String,
    about: &'static str,
    settings: Settings,
}

/// Starts a network.
///
/// # Errors
/// The first setting that is out of its range, and why.
pub fn start(settings: &Settings) -> Result<(Session, Description), BalanceError> {
    let network = Box::new(settings.build()?);
    let config = network.config();
    let description = |recorded| -> Result<Description, NetworkError> {
        Ok(Description {
            excitatory_neurons: config.excitatory_neurons(),
            recorded,
            in_degree: [config.excitatory_connections(), config.inhibitory_connections()],
            synapses: network.synapses(),
            weights: [config.weight_excitatory(), config.weight_inhibitory()],
            background_rate_hz: config.background_rate_hz(),
            toml: settings.toml()?,
        })
    };
    let mut description = description(Vec::new())?;
    let trial = settings.trial(&network)?;
    let session = Monitor::start(network, &trial, DiagnosisConfig::default(), WINDOW_MS)?;
    description.recorded = session.last_inputs().map(|input| input.neuron).collect();
    Ok((session, description))
}

/// Neurons by the CV of their intervals, in bins of a tenth; the last holds what is above.
pub fn histogram(neurons: &[NeuronIrregularity]) -> Vec<u32> {
    let mut bins = vec![0; CV_BINS];
    for cv in neurons.iter().filter_map(|neuron| neuron.cv) {
        let bin = (cv / LARGEST_CV * CV_BINS as f64) as usize;
        bins[bin.min(CV_BINS - 1)] += 1;
    }
    bins
}

/// FNV-1a over the times (bits, little endian) and neurons of spikes.
pub fn hash(times: &[f32], neurons: &[u32]) -> u64 {
    add_to_hash(0xcbf2_9ce4_8422_2325, times, neurons)
}

fn add_to_hash(mut hash: u64, times: &[f32], neurons: &[u32]) -> u64 {
    for (time, id) in times.iter().zip(neurons) {
        for byte in time.to_bits().to_le_bytes().into_iter().chain(id.to_le_bytes()) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    hash
}

/// Judges what a network has done of late.
///
/// # Errors
/// If not enough has been recorded yet.
pub fn judge(session: &Session) -> Result<Shown, BalanceError> {
    let found = session.findings()?;
    let Findings { verdict, irregularity, excitation, inhibition, .. } = found;
    let text = verdict.to_string();
    let whys = Criteria::default().notes().map(|note| note.why);
    let reasons = verdict.reasons.into_iter().zip(whys).map(|(reason, why)| ShownReason {
        text: reason.to_string(),
        reason,
        why,
    });
    let excitatory = session.network().excitatory_neurons();
    let (e, i) = irregularity.neurons.split_at(excitatory);
    Ok(Shown {
        balanced: verdict.balanced,
        state: verdict.state.label(),
        text,
        reasons: reasons.collect(),
        rate_hz: found.rate_hz,
        excitatory_rate_hz: found.excitatory_rate_hz,
        inhibitory_rate_hz: found.inhibitory_rate_hz,
        mean_field_rate_hz: session.mean_field_rate_hz(),
        excitation_mv: excitation,
        inhibition_mv: inhibition,
        net_mv: excitation + inhibition,
        input_correlation: found.input_correlation,
        cv: irregularity.cv.mean,
        excitatory_cvs: histogram(e),
        inhibitory_cvs: histogram(i),
        window_ms: session.time_ms() - session.start_ms(),
    })
}

/// Simulates a point of the map over g and eta, around the network of these settings.
///
/// # Errors
/// If the settings make no sense there.
pub fn point(settings: &Settings, g: f64, eta: f64) -> Result<Point, BalanceError> {
    let at = Settings { g, eta, ..settings.clone() };
    let found = record(&at, MAP_MS)?.1.findings()?;
    Ok(Point {
        state: found.verdict.state.label(),
        rate_hz: found.rate_hz,
        cv: found.irregularity.cv.mean,
    })
}

/// Makes a recording of a trial of this length, piece by piece, and says what it was.
///
/// # Errors
/// If the settings make no sense, or the recording is too short to be judged.
pub fn recording(settings: &Settings, milliseconds: f64) -> Result<Recording, BalanceError> {
    let (hash, session) = record(settings, milliseconds)?;
    Ok(Recording { hash: format!("{hash:016x}"), judged: judge(&session)? })
}

/// A recording of a whole trial, and the hash of its spikes: FNV-1a over their times (bits, little
/// endian) and neurons.
fn record(settings: &Settings, milliseconds: f64) -> Result<(u64, Session), BalanceError> {
    let network = Box::new(settings.build()?);
    let trial = Trial { duration: milliseconds, ..settings.trial(&network)? };
    let mut session = Monitor::start(network, &trial, DiagnosisConfig::default(), milliseconds)?;
    let mut found = hash(&[], &[]);
    while !session.is_over() {
        session.advance(PIECE_MS);
        let (times, neurons) = session.last_spikes();
        found = add_to_hash(found, times, neurons);
    }
    Ok((found, session))
}

/// The built-in regimes, shown a digit as in the demo, the states of Brunel's network, and the
/// cortical microcircuit.
///
/// # Errors
/// None, as long as the regimes are those that there are.
pub fn presets() -> Result<Vec<Preset>, NetworkError> {
    let encoder = NetworkConfig::encoder();
    let per_connection = encoder.excitatory_connections() as f64;
    let shown = Settings {
        neurons: encoder.neurons,
        coupling: encoder.excitatory_weight * per_connection,
        eta: encoder.background_rate_hz() * encoder.excitatory_weight / 1000.0,
        input: Input::Image,
        ..Settings::default()
    };
    let mut presets = Vec::new();
    for name in REGIMES {
        let network = Regime::named(name)?.apply(&encoder);
        presets.push(Preset {
            group: "Regimes, shown a digit",
            name: name.to_owned(),
            about: match name {
                "balanced" => {
                    "inhibition dominates: g = 5, four excitatory neurons to one inhibitory"
                }
                "unbalanced-g" => "weak inhibition: the mean input drives the neurons",
                "unbalanced-p" => "few connections: almost no recurrent input",
                "low-threshold" => "a threshold little above the reset: bursts at rest",
                _ => "",
            },
            settings: Settings {
                g: network.g,
                connection_probability: network.connection_probability,
                threshold: network.threshold.mean(),
                ..shown.clone()
            },
        });
    }
    for (name, about, g, eta) in [
        ("AI", "asynchronous irregular: balanced", 5.0, 2.0),
        ("SR", "synchronous regular: excitation dominates", 3.0, 2.0),
        ("SI fast", "synchronous irregular, fast oscillation", 6.0, 4.0),
        ("SI slow", "synchronous irregular, slow oscillation", 4.5, 0.9),
    ] {
        presets.push(Preset {
            group: "States of Brunel's network",
            name: name.to_owned(),
            about,
            settings: Settings { g, eta, ..Settings::default() },
        });
    }
    for (name, about, g) in [
        ("microcircuit", "eight populations of the cortex (Potjans & Diesmann 2014): g = 4", G),
        (
            "weak inhibition",
            "the same with g = 1: the deep layers fire far more, L2/3E hardly",
            1.0,
        ),
    ] {
        presets.push(Preset {
            group: "Cortical microcircuit, 5 % of its neurons",
            name: name.to_owned(),
            about,
            settings: Settings { circuit: CircuitName::Microcircuit, g, ..Settings::default() },
        });
    }
    Ok(presets)
}
