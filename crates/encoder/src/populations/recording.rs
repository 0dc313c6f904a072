//! What is recorded of a simulation.

use equipoise_data::spikes::SpikeTrains;

use super::build::Network;
use super::error::PopulationsError;
use super::settings::Sign;
use super::shard::History;

/// What is recorded of a simulation: spikes, of all populations or of some, and potentials of some
/// neurons. A recording may go on over several calls of
/// [`Simulation::advance`](super::Simulation::advance).
#[derive(Debug, Clone, Default)]
pub struct Recording {
    /// The spikes. A unit is a neuron by its number in the network; times are ms since the
    /// recording began.
    pub spikes: SpikeTrains,
    /// The potential of each neuron that was asked for, mV, after every time step; that of a
    /// refractory one is its reset.
    pub potentials: Vec<Vec<f32>>,
    probed: Vec<usize>,
    silent: bool,
    /// Populations that are recorded; all if there are none.
    populations: Vec<usize>,
    /// The time step before the first that is recorded.
    start: Option<u64>,
    steps: u64,
    listened: Vec<bool>,
}

impl Recording {
    /// Records nothing: for a warm-up.
    pub fn nothing() -> Self {
        Self { silent: true, ..Self::default() }
    }

    /// Records the spikes of all populations.
    pub fn spikes() -> Self {
        Self::default()
    }

    /// Records the spikes of these populations alone.
    pub fn spikes_of(populations: &[usize]) -> Self {
        Self {
            silent: populations.is_empty(),
            populations: populations.to_vec(),
            ..Self::default()
        }
    }

    /// Records the potentials of these neurons besides.
    #[must_use]
    pub fn with_potentials(self, neurons: &[usize]) -> Self {
        Self { probed: neurons.to_vec(), potentials: vec![Vec::new(); neurons.len()], ..self }
    }

    /// The same recording in another process: the spikes that it had, and
    /// [`Recording::first_step`]. Goes on with the simulation that was saved with it.
    #[must_use]
    pub fn going_on(self, spikes: SpikeTrains, first_step: Option<u64>, dt: f64) -> Self {
        let steps = (spikes.duration_ms / dt).round() as u64;
        Self { spikes, start: first_step, steps, ..self }
    }

    /// The time step before the first that is recorded, if the recording has begun.
    pub fn first_step(&self) -> Option<u64> {
        self.start
    }

    /// Counts steps that were simulated.
    pub(crate) fn add_steps(&mut self, steps: u64, dt: f64) {
        self.steps += steps;
        self.spikes.duration_ms = self.steps as f64 * dt;
    }

    /// The neurons whose potentials are recorded.
    pub fn probed(&self) -> &[usize] {
        &self.probed
    }

    /// Whether the spikes of all populations are recorded.
    pub fn is_of_all(&self) -> bool {
        !self.silent && self.populations.is_empty()
    }

    /// The mean rate of each population, Hz.
    pub fn rates_hz(&self, network: &Network) -> Vec<f64> {
        let firsts = network.settings.firsts();
        let mut counts = vec![0.0; network.settings.populations.len()];
        for &id in &self.spikes.ids {
            counts[firsts.partition_point(|&first| first <= id as usize) - 1] += 1.0;
        }
        let seconds = self.spikes.duration_ms / 1000.0;
        let sizes = network.settings.populations.iter().map(|population| population.size as f64);
        counts.iter().zip(sizes).map(|(count, size)| count / size / seconds).collect()
    }

    /// The spikes of one population; units are counted within it.
    pub fn of_population(&self, network: &Network, population: usize) -> SpikeTrains {
        let firsts = network.settings.firsts();
        let range = firsts[population] as u32..firsts[population + 1] as u32;
        let events = self.spikes.times.iter().zip(&self.spikes.ids);
        let (times, ids) = events
            .filter(|(_, id)| range.contains(id))
            .map(|(&time, &id)| (time, id - range.start))
            .unzip();
        SpikeTrains { duration_ms: self.spikes.duration_ms, units: range.len(), times, ids }
    }

    /// Makes ready for steps after this one.
    pub(crate) fn begin(&mut self, network: &Network, step: u64) -> Result<(), PopulationsError> {
        let populations = network.settings.populations.len();
        if let Some(population) = self.populations.iter().find(|&&p| p >= populations) {
            let reason =
                format!("population {population} cannot be recorded, there are {populations}");
            return Err(PopulationsError::Request(reason));
        }
        for &neuron in &self.probed {
            let simulated = network.population_of(neuron).is_some_and(|population| {
                network.settings.populations[population].source.is_none()
            });
            if !simulated {
                let reason =
                    format!("neuron {neuron} has no potential: it is a source or does not exist");
                return Err(PopulationsError::Request(reason));
            }
        }
        self.start.get_or_insert(step);
        self.spikes.units = network.settings.neurons();
        self.listened = (0..populations)
            .map(|p| !self.silent && (self.populations.is_empty() || self.populations.contains(&p)))
            .collect();
        Ok(())
    }

    /// Takes the spikes of a step.
    pub(crate) fn take(&mut self, network: &Network, step: u64, history: &History) {
        if self.silent {
            return;
        }
        let start = self.start.unwrap_or(0);
        let time = ((step - start) as f64 * network.settings.dt) as f32;
        let lists = [Sign::Excitatory, Sign::Inhibitory].map(|sign| history.of(step, sign));
        let from = self.spikes.ids.len();
        if self.populations.is_empty() {
            lists.iter().for_each(|list| self.spikes.ids.extend_from_slice(list));
        } else {
            for &id in lists.into_iter().flatten() {
                let listened = network.population_of(id as usize).is_some_and(|p| self.listened[p]);
                if listened {
                    self.spikes.ids.push(id);
                }
            }
        }
        self.spikes.ids[from..].sort_unstable();
        self.spikes.times.resize(self.spikes.ids.len(), time);
    }
}
