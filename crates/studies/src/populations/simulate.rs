//! The simulation of a study: recordings, and learning between them, from start to end or from where
//! it was stopped.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use equipoise_data::spikes::SpikeTrains;
use equipoise_encoder::balance::DiagnosisConfig;
use equipoise_encoder::populations::{
    Network, PopulationsError, Recording, Settings as NetworkSettings, Simulation, diagnose_watched,
};
use serde::{Deserialize, Serialize};

use super::error::of_simulator;
use super::images::Shown;
use super::picture::Picture;
use super::results::{ProjectionState, Recorded, Simulated, Window, states};
use super::settings::{PopulationsSettings, learns};
use super::spike_files;
use crate::context::Stage;
use crate::{Context, Identity, OrStudyError, StudyError};

/// The key of the unit, and of its checkpoint.
pub(super) const KEY: &str = "simulation";

/// Time between two checkpoints.
const BETWEEN: Duration = Duration::from_secs(5);

/// Neurons of a plastic projection's target whose inputs are followed.
const FOLLOWED: usize = 20;

/// Most spikes of a recording: they are held in memory.
const MOST_SPIKES: usize = 400_000_000;

/// What is done with a part of the simulated time.
#[derive(Debug, Clone, Copy, PartialEq)]
enum What {
    /// It is thrown away.
    WarmUp,
    /// It is recorded and diagnosed, under this name.
    Record(&'static str),
    /// It is a window of learning, of this stage.
    Learn(&'static str),
}

/// A part of the simulated time.
#[derive(Debug, Clone, Copy)]
struct Segment {
    what: What,
    length_ms: f64,
    /// Whether plastic synapses learn.
    learning: bool,
    /// Whether it begins with the lesion.
    lesion: bool,
}

/// The segments of a simulation, in their order.
fn segments(settings: &PopulationsSettings, network: &NetworkSettings) -> Vec<Segment> {
    let segment = |what, length_ms, learning| Segment { what, length_ms, learning, lesion: false };
    let record = |name, learning| segment(What::Record(name), network.duration, learning);
    let mut all = vec![segment(What::WarmUp, network.warm_up, false)];
    if !learns(network) {
        all.push(record("recording", false));
        return all;
    }
    let learning = &settings.learning;
    let windows = (learning.time / learning.window).round().max(1.0) as usize;
    let learn =
        |stage| (0..windows).map(move |_| segment(What::Learn(stage), learning.window, true));
    all.push(record("before learning", false));
    all.extend(learn("learning"));
    all.push(record("after learning", true));
    if learning.lesion > 0.0 {
        all.push(Segment { lesion: true, ..record("after the lesion", false) });
        all.extend(learn("recovery"));
        all.push(record("after recovery", true));
    }
    all
}

/// Simulated time in all, ms.
pub(super) fn total_ms(settings: &PopulationsSettings, network: &NetworkSettings) -> f64 {
    segments(settings, network).iter().map(|segment| segment.length_ms).sum()
}

/// How far a simulation is: the first part of a checkpoint.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Progress {
    /// The segment under way.
    segment: usize,
    /// Time steps before it began.
    first_step: u64,
    /// Time steps before its recording began.
    recorded_from: Option<u64>,
    /// Recorded so far, ms.
    recorded_ms: f64,
    /// Spikes in each of the pieces that were written.
    pieces: Vec<usize>,
    /// What was found so far.
    found: Simulated,
}

/// A simulation under way.
pub(super) struct Run<'a, 'n> {
    pub(super) settings: &'a PopulationsSettings,
    pub(super) context: &'a Context<'a>,
    pub(super) identity: &'a Identity,
    network: &'n Network,
    simulation: Simulation<'n>,
    recording: Recording,
    progress: Progress,
    /// Spikes of the recording that are on disk.
    kept: usize,
    /// When the state was saved last.
    saved: Instant,
}

impl<'a, 'n> Run<'a, 'n> {
    /// The simulation where its checkpoint has it, or at its start.
    pub(super) fn open(
        settings: &'a PopulationsSettings,
        context: &'a Context<'a>,
        identity: &'a Identity,
        network: &'n Network,
        shown: Option<&Shown>,
    ) -> Result<Self, StudyError> {
        let mut run = Self {
            settings,
            context,
            identity,
            network,
            simulation: Simulation::new(network, settings.seed),
            recording: Recording::nothing(),
            progress: Progress::default(),
            kept: 0,
            saved: Instant::now(),
        };
        if let Some(shown) = shown {
            let rates = shown.rates(&settings.stimulus, 0);
            run.simulation.set_rates(shown.population, &rates).map_err(of_simulator)?;
        }
        run.progress.found.projections = (0..network.settings().projections.len())
            .map(|index| {
                let found = network.projection_statistics(index);
                ProjectionState {
                    synapses: found.synapses,
                    mean_weight: found.mean_weight,
                    sd_weight: found.sd_weight,
                    resolution: found.resolution,
                }
            })
            .collect();
        if let Some(bytes) = context.load_checkpoint(KEY, identity)? {
            match run.go_on_from(&bytes)? {
                Some(()) => {
                    let time = run.simulation.time_ms();
                    context.remark(format!("the simulation goes on at {time:.0} ms"));
                }
                None => {
                    context.remark("the checkpoint of the simulation is damaged; it begins anew")
                }
            }
        }
        Ok(run)
    }

    /// Runs to the end, and gives what was found.
    pub(super) fn finish(mut self) -> Result<Simulated, StudyError> {
        let all = segments(self.settings, self.network.settings());
        let dt = self.network.settings().dt;
        let total: f64 = all.iter().map(|segment| segment.length_ms).sum();
        let stage = self.context.stage("simulating", total.ceil() as u64)?;
        stage.set(self.simulation.time_ms() as u64, "")?;
        while let Some(segment) = all.get(self.progress.segment) {
            let steps = (segment.length_ms / dt).round();
            let done = (self.simulation.time_ms() / dt).round() - self.progress.first_step as f64;
            if done == 0.0 {
                self.begin(segment)?;
            }
            self.advance((steps - done) * dt, &stage)?;
            self.conclude(segment)?;
            self.progress.segment += 1;
            self.progress.first_step += steps as u64;
            self.progress.recorded_from = None;
            self.progress.recorded_ms = 0.0;
            self.forget_pieces()?;
            self.recording = Recording::nothing();
            self.kept = 0;
        }
        self.context.remove_checkpoint(KEY)?;
        Ok(self.progress.found)
    }

    /// Makes ready for a segment.
    fn begin(&mut self, segment: &Segment) -> Result<(), StudyError> {
        self.simulation.set_learning(segment.learning);
        self.recording = recording_of(segment);
        if segment.lesion {
            self.lesion()?;
        }
        Ok(())
    }

    /// Silences a share of the neurons that plastic projections come from, evenly spread.
    fn lesion(&mut self) -> Result<(), StudyError> {
        let network = self.network.settings();
        let firsts = network.firsts();
        let mut sources: Vec<usize> = network
            .projections
            .iter()
            .filter(|projection| projection.plasticity.is_some())
            .filter_map(|projection| network.population(&projection.source))
            .collect();
        sources.sort_unstable();
        sources.dedup();
        for at in sources {
            let size = network.populations[at].size;
            let count = (self.settings.learning.lesion * size as f64).round() as usize;
            let silenced = (0..count).map(|k| k * size / count);
            if let Some(source) = network.populations[at].source {
                let mut rates = vec![source.rate; size];
                silenced.for_each(|neuron| rates[neuron] = 0.0);
                self.simulation.set_rates(at, &rates).map_err(of_simulator)?;
            } else {
                let neurons: Vec<usize> = silenced.map(|k| firsts[at] + k).collect();
                self.simulation.silence(&neurons).map_err(of_simulator)?;
            }
        }
        Ok(())
    }

    /// Simulates on, and saves the state now and then and if it is to stop.
    fn advance(&mut self, time_ms: f64, stage: &Stage<'_>) -> Result<(), StudyError> {
        let dt = self.network.settings().dt;
        let end = (self.simulation.time_ms() / dt).round() + (time_ms / dt).round();
        loop {
            let left = (end - (self.simulation.time_ms() / dt).round()) * dt;
            let saved = self.saved;
            let mut stopped = false;
            let mut report = |time: f64| {
                stopped = stage.set(time as u64, "").is_err();
                let pause = stopped || saved.elapsed() >= BETWEEN;
                if pause { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            };
            match self.simulation.advance(left, &mut self.recording, &mut report) {
                Ok(()) => return Ok(()),
                Err(PopulationsError::Stopped) => self.save()?,
                Err(error) => return Err(of_simulator(error)),
            }
            if stopped {
                return Err(StudyError::Stopped);
            }
            if self.recording.spikes.ids.len() > MOST_SPIKES {
                return Err(StudyError::failed(format!(
                    "more than {MOST_SPIKES} spikes in a recording; record less with \
                     `network.duration`"
                )));
            }
        }
    }

    /// Looks at what was recorded of a segment.
    fn conclude(&mut self, segment: &Segment) -> Result<(), StudyError> {
        let settings = self.network.settings();
        let watch = &|| self.context.poll();
        match segment.what {
            What::WarmUp => {}
            What::Record(name) => {
                let found = diagnose_watched(
                    &self.simulation,
                    &self.recording,
                    &self.settings.diagnosis,
                    watch,
                );
                let found = self.or_saved(found)?;
                let correlations = found.rate_correlations.clone();
                let files = spike_files::write(
                    self.context,
                    self.settings,
                    self.network,
                    &self.recording,
                    name,
                )?;
                self.progress.found.files.extend(files);
                self.progress.found.recordings.push(Recorded {
                    name: name.to_owned(),
                    duration_ms: self.recording.spikes.duration_ms,
                    populations: states(settings, &self.recording, found),
                    rate_correlations: correlations,
                    picture: Picture::of(settings, &self.recording, self.settings.window),
                });
            }
            What::Learn(stage) => {
                let config =
                    DiagnosisConfig { probed_neurons: FOLLOWED, ..self.settings.diagnosis.clone() };
                let found = diagnose_watched(&self.simulation, &self.recording, &config, watch);
                let found = self.or_saved(found)?;
                let plastic: Vec<usize> = (0..settings.projections.len())
                    .filter(|&index| settings.projections[index].plasticity.is_some())
                    .collect();
                let mean =
                    |weights: Vec<f64>| weights.iter().sum::<f64>() / weights.len().max(1) as f64;
                let correlation = |&index: &usize| {
                    let target = &settings.projections[index].target;
                    let of = found.populations.iter().find(|p| p.name == *target)?;
                    of.diagnosis.input_correlation
                };
                self.progress.found.course.push(Window {
                    stage: stage.to_owned(),
                    end_ms: self.settings.learning.window
                        * (self.progress.found.course.len() + 1) as f64,
                    rates_hz: self.recording.rates_hz(self.network),
                    weights: plastic
                        .iter()
                        .map(|&index| mean(self.simulation.plastic_weights(index)))
                        .collect(),
                    correlations: plastic.iter().map(correlation).collect(),
                });
            }
        }
        Ok(())
    }

    /// The result; if it was stopped, the state is saved first.
    fn or_saved<T>(&mut self, found: Result<T, PopulationsError>) -> Result<T, StudyError> {
        if matches!(found, Err(PopulationsError::Stopped)) {
            self.save()?;
        }
        found.map_err(of_simulator)
    }

    /// Saves the state: the spikes since the last time in a piece of their own, so that saving takes
    /// as long at the end of a recording as at its start.
    fn save(&mut self) -> Result<(), StudyError> {
        let spikes = &self.recording.spikes;
        let new = spikes.ids.len() - self.kept;
        if new > 0 {
            let times = spikes.times[self.kept..].iter().flat_map(|time| time.to_le_bytes());
            let ids = spikes.ids[self.kept..].iter().flat_map(|id| id.to_le_bytes());
            let piece: Vec<u8> = times.chain(ids).collect();
            let key = piece_key(self.progress.pieces.len());
            self.context.save_checkpoint(&key, self.identity, &piece)?;
            self.progress.pieces.push(new);
            self.kept = spikes.ids.len();
        }
        self.progress.recorded_from = self.recording.first_step();
        self.progress.recorded_ms = spikes.duration_ms;
        let progress = serde_json::to_vec(&self.progress).map_err(StudyError::failed)?;
        let mut bytes = (progress.len() as u64).to_le_bytes().to_vec();
        bytes.extend(progress);
        bytes.extend(self.simulation.save());
        self.context.save_checkpoint(KEY, self.identity, &bytes)?;
        self.saved = Instant::now();
        Ok(())
    }

    /// Takes the state of a checkpoint; none if it is damaged.
    fn go_on_from(&mut self, bytes: &[u8]) -> Result<Option<()>, StudyError> {
        let Some((length, rest)) = bytes.split_first_chunk() else { return Ok(None) };
        let length = u64::from_le_bytes(*length) as usize;
        let Some((progress, state)) = rest.split_at_checked(length) else { return Ok(None) };
        let Ok(progress) = serde_json::from_slice::<Progress>(progress) else { return Ok(None) };
        let Ok(simulation) = Simulation::restore(self.network, state) else { return Ok(None) };
        let all = segments(self.settings, self.network.settings());
        let Some(segment) = all.get(progress.segment) else { return Ok(None) };
        let mut spikes = SpikeTrains {
            duration_ms: progress.recorded_ms,
            units: self.network.settings().neurons(),
            times: Vec::new(),
            ids: Vec::new(),
        };
        for (piece, &count) in progress.pieces.iter().enumerate() {
            let Some(bytes) = self.context.load_checkpoint(&piece_key(piece), self.identity)?
            else {
                return Ok(None);
            };
            let (words, rest) = bytes.as_chunks::<4>();
            if !rest.is_empty() || words.len() != 2 * count {
                return Ok(None);
            }
            spikes.times.extend(words[..count].iter().map(|&bytes| f32::from_le_bytes(bytes)));
            spikes.ids.extend(words[count..].iter().map(|&bytes| u32::from_le_bytes(bytes)));
        }
        self.kept = spikes.ids.len();
        let dt = self.network.settings().dt;
        self.recording = recording_of(segment).going_on(spikes, progress.recorded_from, dt);
        self.simulation = simulation;
        self.progress = progress;
        Ok(Some(()))
    }

    /// Removes the pieces of a recording that is done. A checkpoint that names them is overtaken
    /// first.
    fn forget_pieces(&mut self) -> Result<(), StudyError> {
        let pieces = std::mem::take(&mut self.progress.pieces);
        if pieces.is_empty() {
            return Ok(());
        }
        self.recording = Recording::nothing();
        self.kept = 0;
        self.save()?;
        for piece in 0..pieces.len() {
            self.context.remove_checkpoint(&piece_key(piece))?;
        }
        Ok(())
    }
}

/// The recording of a segment at its start.
fn recording_of(segment: &Segment) -> Recording {
    match segment.what {
        What::WarmUp => Recording::nothing(),
        What::Record(_) | What::Learn(_) => Recording::spikes(),
    }
}

fn piece_key(piece: usize) -> String {
    format!("{KEY}-spikes-{}", piece + 1)
}

/// Builds the network, for as many threads as are worth it.
pub(super) fn build(
    network: &NetworkSettings,
    seed: u64,
    context: &Context<'_>,
) -> Result<Network, StudyError> {
    // Threads wait for each other in every step; a small network is faster on fewer.
    let size = network.validate().or_settings()?;
    let worth = 1 + (size.synapses / 2e6) as usize;
    let threads = rayon::current_num_threads().min(worth);
    Network::build_watched(network, seed, threads, &|| context.poll()).map_err(of_simulator)
}
