//! Recording potentials and inputs of chosen neurons.

use super::counting::GROUP;

/// What to record besides the spikes, and the record.
///
/// ```
/// use equipoise_encoder::network::Probe;
///
/// // Neurons 0 and 3, one sample per 10 time steps.
/// let probe = Probe::of(vec![0, 3], 10);
/// assert_eq!(probe.neurons(), [0, 3]);
/// assert!(probe.potential(0).is_empty(), "nothing has been simulated yet");
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Probe {
    neurons: Vec<usize>,
    interval: usize,
    /// Time between samples, ms, of the recording made last.
    pub(crate) sample_ms: f64,
    /// `[neuron][sample]`
    pub(crate) potential: Vec<Vec<f32>>,
    pub(crate) excitatory: Vec<Vec<f32>>,
    pub(crate) inhibitory: Vec<Vec<f32>>,
}

impl Probe {
    /// Records nothing.
    pub fn none() -> Self {
        Self::default()
    }

    /// Records these neurons, with a sample every `interval` time steps (at least 1).
    pub fn of(neurons: Vec<usize>, interval: usize) -> Self {
        Self { neurons, interval: interval.max(1), ..Self::default() }
    }

    /// The neurons that are recorded.
    pub fn neurons(&self) -> &[usize] {
        &self.neurons
    }

    /// Time steps per sample.
    pub fn interval(&self) -> usize {
        self.interval
    }

    /// Time between samples, ms.
    pub fn sample_ms(&self) -> f64 {
        self.sample_ms
    }

    /// The potential at the end of each sample of the k-th recorded neuron, mV.
    pub fn potential(&self, k: usize) -> &[f32] {
        self.potential.get(k).map_or(&[], Vec::as_slice)
    }

    /// The excitatory input R I of the k-th recorded neuron, averaged over each sample, mV:
    /// excitatory neurons, background, image and a positive constant current together. Input that
    /// is lost to refractoriness counts too.
    pub fn excitatory(&self, k: usize) -> &[f32] {
        self.excitatory.get(k).map_or(&[], Vec::as_slice)
    }

    /// The inhibitory input R I (negative) of the k-th recorded neuron, averaged over each
    /// sample, mV.
    pub fn inhibitory(&self, k: usize) -> &[f32] {
        self.inhibitory.get(k).map_or(&[], Vec::as_slice)
    }

    /// The sum of both inputs of the k-th recorded neuron, mV.
    pub fn net(&self, k: usize) -> Vec<f32> {
        self.excitatory(k).iter().zip(self.inhibitory(k)).map(|(e, i)| e + i).collect()
    }
}

/// The part of a recording that one block of neurons makes.
#[derive(Debug, Clone, Default)]
pub(crate) struct BlockProbe {
    /// The recorded neurons of each group.
    groups: Vec<Vec<NeuronProbe>>,
    interval: usize,
}

/// The recording of one neuron.
#[derive(Debug, Clone)]
pub(crate) struct NeuronProbe {
    /// Which neuron of the block.
    neuron: usize,
    /// Its place in the probe.
    pub(crate) place: usize,
    filled: usize,
    sums: [f64; 2],
    /// Potential, excitatory and inhibitory input of each sample.
    pub(crate) samples: Vec<[f32; 3]>,
}

impl BlockProbe {
    pub(crate) fn new(probe: &Probe, first: usize, neurons: usize) -> Self {
        let mut groups = vec![Vec::new(); neurons.div_ceil(GROUP)];
        for (place, &n) in probe.neurons.iter().enumerate() {
            if (first..first + neurons).contains(&n) {
                let neuron = n - first;
                let samples = Vec::new();
                let recording = NeuronProbe { neuron, place, filled: 0, sums: [0.0; 2], samples };
                groups[neuron / GROUP].push(recording);
            }
        }
        Self { groups, interval: probe.interval }
    }

    /// Whether a neuron of the group is recorded.
    #[inline]
    pub(crate) fn looks_at(&self, group: usize) -> bool {
        self.groups.get(group).is_some_and(|neurons| !neurons.is_empty())
    }

    /// Takes one time step of a group: `inputs` gives the excitatory and inhibitory input of a
    /// neuron of the block in mV.
    pub(crate) fn step(
        &mut self,
        group: usize,
        potential: &[f32],
        inputs: impl Fn(usize) -> [f64; 2],
    ) {
        let n = self.interval as f64;
        for recording in &mut self.groups[group] {
            let [e, i] = inputs(recording.neuron);
            recording.sums[0] += e;
            recording.sums[1] += i;
            recording.filled += 1;
            if recording.filled == self.interval {
                let [e, i] = recording.sums;
                let potential = potential[recording.neuron];
                recording.samples.push([potential, (e / n) as f32, (i / n) as f32]);
                recording.sums = [0.0; 2];
                recording.filled = 0;
            }
        }
    }

    /// The recordings of all its neurons.
    pub(crate) fn recordings_mut(&mut self) -> impl Iterator<Item = &mut NeuronProbe> {
        self.groups.iter_mut().flatten()
    }
}
