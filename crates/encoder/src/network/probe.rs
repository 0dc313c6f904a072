//! Recording potentials and inputs of chosen neurons.

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
    /// Which neurons of the block, and their place in the probe.
    pub(crate) neurons: Vec<(usize, usize)>,
    interval: usize,
    filled: usize,
    sums: Vec<[f64; 2]>,
    /// `[sample][neuron of this block]`: potential, excitatory, inhibitory.
    pub(crate) samples: Vec<[f32; 3]>,
}

impl BlockProbe {
    pub(crate) fn new(probe: &Probe, first: usize, neurons: usize) -> Self {
        let inside: Vec<(usize, usize)> = probe
            .neurons
            .iter()
            .enumerate()
            .filter(|&(_, &n)| (first..first + neurons).contains(&n))
            .map(|(place, &n)| (n - first, place))
            .collect();
        let sums = vec![[0.0; 2]; inside.len()];
        Self { neurons: inside, interval: probe.interval, filled: 0, sums, samples: Vec::new() }
    }

    /// Takes one time step: `inputs` gives the excitatory and inhibitory input of a neuron of the
    /// block in mV.
    pub(crate) fn step(&mut self, potential: &[f32], inputs: impl Fn(usize) -> [f64; 2]) {
        for (sum, &(neuron, _)) in self.sums.iter_mut().zip(&self.neurons) {
            let [e, i] = inputs(neuron);
            sum[0] += e;
            sum[1] += i;
        }
        self.filled += 1;
        if self.filled == self.interval {
            let n = self.interval as f64;
            for (sum, &(neuron, _)) in self.sums.iter_mut().zip(&self.neurons) {
                let [e, i] = *sum;
                self.samples.push([potential[neuron], (e / n) as f32, (i / n) as f32]);
                *sum = [0.0; 2];
            }
            self.filled = 0;
        }
    }
}
