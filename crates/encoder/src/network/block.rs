//! One block of neurons running through a slice of time.
//!
//! Where all connections are rows of bits, what arrives is counted for every time step of the
//! slice, and then one group of neurons after the other runs through the whole of it. Lists of
//! targets are delivered step by step, and all groups take each step together. The whole of it is
//! compiled for each instruction set and chosen once at run time; all versions give the same bits.

use equipoise_simd::{Instructions, Simd, Task};

use super::build::{Block, Network};
use super::config::Synapse;
use super::connectivity::Connections;
use super::counting::{Arrived, GROUP};
use super::group::Update;
use super::membrane::State;
use super::noise::{LaneGenerator, PoissonTable};
use super::probe::{BlockProbe, Probe};

/// The neurons whose spikes arrive in one time step.
#[derive(Debug, Clone, Default)]
pub(crate) struct Arrivals {
    pub(crate) excitatory: Vec<u32>,
    pub(crate) inhibitory: Vec<u32>,
}

/// What all blocks see of a slice.
pub(crate) struct Slice<'a> {
    pub(crate) network: &'a Network,
    pub(crate) first_step: u32,
    pub(crate) steps: u32,
    /// The spikes that arrive in time step s are in `ring[s % ring.len()]`.
    pub(crate) ring: &'a [Arrivals],
    /// The input channels that spike in each step of the slice.
    pub(crate) input: &'a [Vec<u32>],
    pub(crate) background: Option<&'a PoissonTable>,
    pub(crate) instructions: Instructions,
}

impl Slice<'_> {
    /// The spikes that arrive in a step of the slice.
    fn arrivals(&self, offset: usize) -> &Arrivals {
        &self.ring[(self.first_step as usize + offset) % self.ring.len()]
    }
}

/// The state of one block during a run.
pub(crate) struct BlockState {
    pub(crate) block: usize,
    pub(crate) first: usize,
    pub(crate) neurons: State,
    /// What constant currents add in a step, mV.
    pub(crate) drive: Vec<f32>,
    /// Whether they add anything.
    pub(crate) driven: bool,
    /// The background of each group.
    pub(crate) noise: Vec<LaneGenerator>,
    /// What arrives through rows in each step of the slice.
    arrived: Vec<Arrived>,
    /// What arrives through lists in the present step, excitatory and inhibitory, mV.
    listed: [Vec<f32>; 2],
    /// Who fired, `[group][step]`, a bit a neuron.
    fired: Vec<u64>,
    /// The neurons that fired, step by step of the slice, ascending in each; then room.
    spikes: Vec<u32>,
    /// Where the spikes of each step end.
    ends: Vec<usize>,
    pub(crate) probe: BlockProbe,
}

impl BlockState {
    pub(crate) fn new(index: usize, block: &Block) -> Self {
        let n = block.constants.decay.len();
        let currents = if block.constants.response_excitatory.is_empty() { 0 } else { n };
        Self {
            block: index,
            first: block.first,
            neurons: State {
                potential: vec![0.0; n],
                held_until: vec![0; n],
                current_excitatory: vec![0.0; currents],
                current_inhibitory: vec![0.0; currents],
            },
            drive: block.constants.drive.clone(),
            driven: false,
            noise: vec![LaneGenerator::new(&mut equipoise_random::stream(0, "", 0)); n / GROUP],
            arrived: Vec::new(),
            listed: [Vec::new(), Vec::new()],
            fired: Vec::new(),
            spikes: Vec::new(),
            ends: Vec::new(),
            probe: BlockProbe::new(&Probe::none(), 0, 0),
        }
    }

    /// Adds the mean current of an image whose channels have these intensities.
    pub(crate) fn add_current(&mut self, network: &Network, channels: &[f32]) {
        let block = &network.blocks[self.block];
        let Some(input) = &block.input else { return };
        let mut received = vec![0.0f64; self.drive.len()];
        for (channel, &x) in channels.iter().enumerate().filter(|&(_, &x)| x > 0.0) {
            for target in input.targets(channel) {
                received[target] += f64::from(x);
            }
        }
        let per_ms = network.config.input.weight * network.config.input.r_max / 1000.0;
        let neurons = received.iter().zip(&block.constants.gain).zip(&block.constants.membrane);
        for (drive, ((&received, &gain), &membrane)) in self.drive.iter_mut().zip(neurons) {
            *drive += gain * (f64::from(membrane) * per_ms * received) as f32;
        }
        self.note_drive();
    }

    /// Looks whether constant currents add anything.
    pub(crate) fn note_drive(&mut self) {
        self.driven = self.drive.iter().any(|&drive| drive != 0.0);
    }

    /// Runs through a slice and leaves its spikes in `self.spikes`.
    pub(crate) fn advance(&mut self, slice: &Slice<'_>) {
        slice.instructions.run(Advance { state: self, slice });
    }

    #[inline(always)]
    fn steps<S: Simd>(&mut self, simd: S, slice: &Slice<'_>) {
        let steps = slice.steps as usize;
        let groups = self.noise.len();
        let block = &slice.network.blocks[self.block];
        self.fired.resize(steps * groups, 0);
        self.arrived.resize_with(steps.max(self.arrived.len()), Arrived::default);
        for offset in 0..steps {
            self.count(simd, slice, block, offset);
        }
        let lists = block.has_lists();
        let together = if lists { 1 } else { steps.max(1) };
        for offset in (0..steps).step_by(together) {
            if lists {
                self.deliver_lists(slice, block, offset);
            }
            self.run_groups(simd, slice, block, offset..offset + together);
        }
        self.list_spikes(steps, groups);
    }

    /// Turns the bits of who fired into numbers. Most groups have no spike in a step, or one, at
    /// random: two are written down whether there are or not, and only a third is asked for.
    #[inline(always)]
    fn list_spikes(&mut self, steps: usize, groups: usize) {
        self.ends.clear();
        let mut end = 0;
        for offset in 0..steps {
            let room = end + GROUP * groups + 2;
            if self.spikes.len() < room {
                self.spikes.resize(room, 0);
            }
            for group in 0..groups {
                let first = (self.first + GROUP * group) as u32;
                let mut fired = self.fired[group * steps + offset];
                for _ in 0..2 {
                    self.spikes[end] = first + fired.trailing_zeros();
                    end += usize::from(fired != 0);
                    fired &= fired.wrapping_sub(1);
                }
                while fired != 0 {
                    self.spikes[end] = first + fired.trailing_zeros();
                    end += 1;
                    fired &= fired - 1;
                }
            }
            self.ends.push(end);
        }
    }

    /// The neurons that fired in a step of the slice, ascending.
    pub(crate) fn spikes(&self, offset: usize) -> &[u32] {
        let start = if offset == 0 { 0 } else { self.ends[offset - 1] };
        &self.spikes[start..self.ends[offset]]
    }

    /// Counts what arrives through rows in a step of the slice.
    #[inline(always)]
    fn count<S: Simd>(&mut self, simd: S, slice: &Slice<'_>, block: &Block, offset: usize) {
        let weights = &slice.network.weights;
        let arrivals = slice.arrivals(offset);
        let arrived = &mut self.arrived[offset];
        arrived.clear();
        if let Connections::Rows(rows) = &block.recurrent {
            arrived.add(simd, rows, &arrivals.excitatory, weights.excitatory);
        }
        if let Some(Connections::Rows(rows)) = &block.input {
            arrived.add(simd, rows, &slice.input[offset], weights.input);
        }
        arrived.begin_inhibition(slice.network.config.synapse == Synapse::Exponential);
        if let Connections::Rows(rows) = &block.recurrent {
            arrived.add(simd, rows, &arrivals.inhibitory, weights.inhibitory);
        }
        arrived.fold(simd);
    }

    /// Adds up what arrives through lists in a step of the slice.
    #[inline(always)]
    fn deliver_lists(&mut self, slice: &Slice<'_>, block: &Block, offset: usize) {
        let weights = &slice.network.weights;
        let arrivals = slice.arrivals(offset);
        let [excitatory, inhibitory] = &mut self.listed;
        for listed in [&mut *excitatory, &mut *inhibitory] {
            listed.clear();
            listed.resize(self.drive.len(), 0.0);
        }
        block.recurrent.deliver(&arrivals.excitatory, weights.excitatory, excitatory);
        block.recurrent.deliver(&arrivals.inhibitory, weights.inhibitory, inhibitory);
        if let Some(connections) = &block.input {
            connections.deliver(&slice.input[offset], weights.input, excitatory);
        }
    }

    /// Takes all groups through some steps of the slice.
    #[inline(always)]
    fn run_groups<S: Simd>(
        &mut self,
        simd: S,
        slice: &Slice<'_>,
        block: &Block,
        offsets: std::ops::Range<usize>,
    ) {
        let config = &slice.network.config;
        let steps = slice.steps as usize;
        let [excitatory, inhibitory] = &self.listed;
        let update = Update {
            constants: &block.constants,
            synapse: config.synapse,
            dt: config.dt,
            first_step: slice.first_step + offsets.start as u32,
            arrived: &self.arrived[offsets.clone()],
            listed: block.has_lists().then_some([excitatory, inhibitory]),
            background: slice.background,
            background_weight: slice.network.weights.background,
            drive: self.driven.then_some(&self.drive),
        };
        for (group, generator) in self.noise.iter_mut().enumerate() {
            let fired = &mut self.fired[group * steps + offsets.start..][..offsets.len()];
            update.run(simd, group, &mut self.neurons, generator, &mut self.probe, fired);
        }
    }
}

/// [`BlockState::advance`] on an instruction set.
struct Advance<'a, 'b> {
    state: &'a mut BlockState,
    slice: &'a Slice<'b>,
}

impl Task for Advance<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        self.state.steps(simd, self.slice);
    }
}
