//! The cortical microcircuit while somebody looks on.

use std::fmt::Write as _;
use std::mem::ManuallyDrop;
use std::ops::ControlFlow;

use equipoise_encoder::balance::{DiagnosisConfig, Verdict};
use equipoise_encoder::network::{Distribution, NetworkError, Parameter};
use equipoise_encoder::populations::{
    self, MicrocircuitInput, Network, PopulationsError, Recording as Recorded, Sign, Simulation,
    diagnose, microcircuit,
};
use serde::Serialize;

use crate::session::histogram;
use crate::settings::{LONGEST_MS, Settings};

/// Shares of the circuit's neurons, and of the synapses of each, that a page can simulate while
/// somebody looks on: 3,858 neurons and 3 million synapses, on which excitation is above threshold
/// as it is at full scale.
const NEURONS: f64 = 0.05;
const SYNAPSES: f64 = 0.2;
/// The inhibition of the paper, in units of excitation.
pub const G: f64 = 4.0;
/// The part of the recording that is judged, ms, and how much of it there must be.
const WINDOW_MS: f64 = 1000.0;
const JUDGED_FROM_MS: f64 = 400.0;
/// Length of the pieces of a recording, ms.
const PIECE_MS: f64 = 20.0;
/// Neurons of each population whose input is computed.
const PROBED: usize = 20;

/// The microcircuit that runs, and what it did of late.
pub struct Circuit {
    // Lives in `network`, and so must go before it.
    simulation: ManuallyDrop<Simulation<'static>>,
    network: *mut Network,
    /// The recording of this second, and when it began, ms since the start.
    window: Recorded,
    window_start: f64,
    /// The spikes of the last piece, times since the start.
    times: Vec<f32>,
    neurons: Vec<u32>,
    judged: Option<Shown>,
}

impl Drop for Circuit {
    fn drop(&mut self) {
        // SAFETY: the simulation, which borrows the network, is dropped first, and nobody else was
        // given either; the pointer is of the box that `start` has leaked, and is freed here alone.
        unsafe {
            ManuallyDrop::drop(&mut self.simulation);
            drop(Box::from_raw(self.network));
        }
    }
}

/// A population, as the page is told of it.
#[derive(Debug, Clone, Serialize)]
pub struct About {
    name: String,
    neurons: usize,
    inhibitory: bool,
}

/// What the page is told of the circuit when it starts.
#[derive(Debug, Serialize)]
pub struct Description {
    populations: Vec<About>,
    /// The neurons whose inputs are recorded: none.
    recorded: Vec<usize>,
    synapses: usize,
    /// What `equipoise balance populations` runs.
    toml: String,
}

/// What is found of a population.
#[derive(Debug, Clone, Serialize)]
struct ShownPopulation {
    name: String,
    inhibitory: bool,
    rate_hz: f64,
    /// In NEST at full scale, Hz.
    published_hz: f64,
    cv: Option<f64>,
    balanced: bool,
    state: &'static str,
    /// The verdict as the command tells it.
    text: String,
}

/// What is found of the circuit.
#[derive(Debug, Clone, Serialize)]
pub struct Shown {
    /// Whether each population is.
    balanced: bool,
    state: &'static str,
    text: String,
    populations: Vec<ShownPopulation>,
    rate_hz: f64,
    excitatory_rate_hz: f64,
    inhibitory_rate_hz: f64,
    cv: Option<f64>,
    excitatory_cvs: Vec<u32>,
    inhibitory_cvs: Vec<u32>,
    window_ms: f64,
}

/// What a recording of a given length was.
#[derive(Debug, Serialize)]
pub struct Recording {
    hash: String,
    judged: Shown,
}

/// The circuit with inhibition of this strength.
fn network(settings: &Settings) -> Result<populations::Settings, NetworkError> {
    if !(0.0..=20.0).contains(&settings.g) {
        let reason = format!("{} is not from 0 to 20", settings.g);
        return Err(NetworkError::Setting { setting: "g", reason });
    }
    let mut network = microcircuit(NEURONS, SYNAPSES, MicrocircuitInput::Poisson);
    let factor = settings.g / G;
    for projection in &mut network.projections {
        // Inhibitory populations are those whose name ends so.
        if projection.source.ends_with('I')
            && factor != 1.0
            && let Parameter::Drawn(Distribution::Normal { mean, sd }) = projection.weight
        {
            let scaled = Distribution::Normal { mean: factor * mean, sd: factor * sd };
            projection.weight = Parameter::Drawn(scaled);
        }
    }
    Ok(network)
}

/// The configuration with which `equipoise balance populations` simulates and judges this circuit.
fn toml(settings: &Settings, network: &populations::Settings) -> String {
    let mut text = format!(
        "# equipoise balance populations --config FILE\nseed = {}\n\n[published]\nname = \
         \"microcircuit\"\nscale = {NEURONS:?}\nsynapses = {SYNAPSES:?}\n\n[diagnosis]\n\
         probed_neurons = {PROBED}\n",
        settings.seed
    );
    if settings.g != G {
        text.push_str("\n[network.projections]\n");
        for projection in network.projections.iter().filter(|p| p.source.ends_with('I')) {
            if let Parameter::Drawn(Distribution::Normal { mean, sd }) = projection.weight {
                let _ = writeln!(
                    text,
                    "\"{} to {}\".weight = {{ distribution = \"normal\", mean = {mean:?}, sd = {sd:?} }}",
                    projection.source, projection.target
                );
            }
        }
    }
    text
}

fn diagnosis() -> DiagnosisConfig {
    DiagnosisConfig { probed_neurons: PROBED, ..DiagnosisConfig::default() }
}

impl Circuit {
    /// Starts it, and says what it is. It has gone through its warm-up.
    ///
    /// # Errors
    /// The setting that is out of its range, and why.
    pub fn start(settings: &Settings) -> Result<(Self, Description), String> {
        let described = network(settings).map_err(|e| e.to_string())?;
        let built = Network::build(&described, settings.seed, 1).map_err(|e| e.to_string())?;
        let description = Description {
            populations: described
                .populations
                .iter()
                .map(|population| About {
                    name: population.name.clone(),
                    neurons: population.size,
                    inhibitory: population.sign == Sign::Inhibitory,
                })
                .collect(),
            recorded: Vec::new(),
            synapses: built.synapses(),
            toml: toml(settings, &described),
        };
        let pointer = Box::into_raw(Box::new(built));
        // SAFETY: the pointer is of a box that lives until `drop`, which ends the simulation first.
        let simulation = Simulation::new(unsafe { &*pointer }, settings.seed);
        let mut circuit = Self {
            simulation: ManuallyDrop::new(simulation),
            network: pointer,
            window: Recorded::spikes(),
            window_start: 0.0,
            times: Vec::new(),
            neurons: Vec::new(),
            judged: None,
        };
        circuit.run(described.warm_up, false).map_err(|e| e.to_string())?;
        Ok((circuit, description))
    }

    fn run(&mut self, milliseconds: f64, recorded: bool) -> Result<(), PopulationsError> {
        let go_on = &mut |_: f64| ControlFlow::Continue(());
        match recorded {
            true => self.simulation.advance(milliseconds, &mut self.window, go_on),
            false => self.simulation.advance(milliseconds, &mut Recorded::nothing(), go_on),
        }
    }

    /// Goes on for this many milliseconds, a time step at least.
    pub fn advance(&mut self, milliseconds: f64) {
        let dt = self.simulation.network().settings().dt;
        if self.window.spikes.duration_ms >= WINDOW_MS {
            self.window_start += self.window.spikes.duration_ms;
            self.window = Recorded::spikes();
        }
        let before = self.window.spikes.ids.len();
        let left = (WINDOW_MS - self.window.spikes.duration_ms).max(dt);
        if self.run(milliseconds.clamp(dt, left), true).is_err() {
            return;
        }
        let (start, spikes) = (self.window_start as f32, &self.window.spikes);
        self.times = spikes.times[before..].iter().map(|time| start + time).collect();
        self.neurons = spikes.ids[before..].to_vec();
    }

    /// The time since the start of the recording, ms.
    pub fn time_ms(&self) -> f64 {
        self.window_start + self.window.spikes.duration_ms
    }

    /// Whether it is at its end.
    pub fn is_over(&self) -> bool {
        self.time_ms() >= LONGEST_MS
    }

    /// The spikes of the last piece: times since the start, and neurons.
    pub fn last_spikes(&self) -> (&[f32], &[u32]) {
        (&self.times, &self.neurons)
    }

    /// Judges each population in this second, or the last if this one has hardly begun.
    ///
    /// # Errors
    /// If not enough has been recorded yet.
    pub fn judge(&mut self) -> Result<Shown, String> {
        let window_ms = self.window.spikes.duration_ms;
        if let (true, Some(judged)) = (window_ms < JUDGED_FROM_MS, &self.judged) {
            return Ok(judged.clone());
        }
        let found = diagnose(&self.simulation, &self.window, &diagnosis());
        let found = found.map_err(|e| e.to_string())?;
        let network = self.simulation.network().settings();
        let mut cvs = [Vec::new(), Vec::new()];
        let mut populations = Vec::new();
        for found in found.populations {
            let at = network.population(&found.name).unwrap_or_default();
            let own = found.diagnosis;
            let Verdict { balanced, state, .. } = own.verdict;
            let inhibitory = network.populations[at].sign == Sign::Inhibitory;
            cvs[usize::from(inhibitory)].extend(own.irregularity.neurons);
            populations.push(ShownPopulation {
                name: found.name,
                inhibitory,
                rate_hz: own.rate_hz,
                published_hz: populations::MICROCIRCUIT_RATES_HZ[at],
                cv: own.irregularity.cv.mean,
                balanced,
                state: state.label(),
                text: own.verdict.to_string(),
            });
        }
        let sizes = network.populations.iter().map(|population| population.size as f64);
        let rate = |wanted: &dyn Fn(&ShownPopulation) -> bool| {
            let chosen = sizes.clone().zip(&populations).filter(|(_, p)| wanted(p));
            let (spikes, neurons) =
                chosen.fold((0.0, 0.0), |(s, n), (size, p)| (s + size * p.rate_hz, n + size));
            spikes / f64::max(neurons, 1.0)
        };
        let all: Vec<f64> = cvs.iter().flatten().filter_map(|neuron| neuron.cv).collect();
        let unbalanced: Vec<&ShownPopulation> =
            populations.iter().filter(|p| !p.balanced).collect();
        let shown = Shown {
            balanced: unbalanced.is_empty(),
            state: unbalanced.first().map_or("balanced", |p| p.state),
            text: match unbalanced.as_slice() {
                [] => "every population is balanced".to_owned(),
                some => {
                    let told = some.iter().map(|p| format!("{} is {}", p.name, p.state));
                    told.collect::<Vec<_>>().join("; ")
                }
            },
            rate_hz: rate(&|_| true),
            excitatory_rate_hz: rate(&|p| !p.inhibitory),
            inhibitory_rate_hz: rate(&|p| p.inhibitory),
            cv: (!all.is_empty()).then(|| all.iter().sum::<f64>() / all.len() as f64),
            excitatory_cvs: histogram(&cvs[0]),
            inhibitory_cvs: histogram(&cvs[1]),
            populations,
            window_ms,
        };
        self.judged = Some(shown.clone());
        Ok(shown)
    }
}

/// Makes a recording of this length, piece by piece, and says what it was.
///
/// # Errors
/// If the settings make no sense, or the recording is too short to be judged.
pub fn recording(settings: &Settings, milliseconds: f64) -> Result<Recording, String> {
    let (mut circuit, _) = Circuit::start(settings)?;
    let mut left = milliseconds;
    while left > 1e-9 {
        circuit.run(left.min(PIECE_MS), true).map_err(|e| e.to_string())?;
        left -= PIECE_MS;
    }
    let spikes = &circuit.window.spikes;
    let hash = crate::session::hash(&spikes.times, &spikes.ids);
    Ok(Recording { hash: format!("{hash:016x}"), judged: circuit.judge()? })
}
