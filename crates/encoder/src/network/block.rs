//! One block of neurons running through a slice of time.
//!
//! Where all connections are rows of bits, what arrives is counted for every time step of the
//! slice, and then one group of neurons after the other runs through the whole of it. Lists of
//! targets are delivered step by step, and all groups take each step together. The whole of it is
//! compiled for each instruction set and chosen once at run time; all versions give the same bits.

use super::build::{Block, Network};
use super::config::Synapse;
use super::connectivity::Connections;
use super::counting::{Arrived, GROUP, Kernel};
use super::group::Passage;
use super::membrane::State;
use super::noise::{LaneGenerator, PoissonTable};
use super::probe::{BlockProbe, Probe};
use super::simulate::Arrivals;

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
    pub(crate) isa: Isa,
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

/// An instruction set the inner loop is compiled for, and that the machine has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Isa(u8);

mod isa {
    pub(super) const PORTABLE: u8 = 0;
    #[cfg(target_arch = "x86_64")]
    pub(super) const AVX2: u8 = 1;
    #[cfg(target_arch = "x86_64")]
    pub(super) const AVX512: u8 = 2;
}

impl Isa {
    /// What this machine has, the best last.
    pub(crate) fn available() -> Vec<Self> {
        let mut all = vec![Self(isa::PORTABLE)];
        #[cfg(target_arch = "x86_64")]
        {
            let simple = is_x86_feature_detected!("bmi1")
                && is_x86_feature_detected!("bmi2")
                && is_x86_feature_detected!("popcnt");
            if simple && is_x86_feature_detected!("avx2") {
                all.push(Self(isa::AVX2));
                if is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512bw")
                    && is_x86_feature_detected!("avx512vl")
                    && is_x86_feature_detected!("avx512dq")
                {
                    all.push(Self(isa::AVX512));
                }
            }
        }
        all
    }

    /// The best that this machine has.
    pub(crate) fn best() -> Self {
        *Self::available().last().expect("the portable one is always there")
    }
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
        let mut heard = vec![0.0f64; self.drive.len()];
        for (channel, &x) in channels.iter().enumerate().filter(|&(_, &x)| x > 0.0) {
            for target in input.targets(channel) {
                heard[target] += f64::from(x);
            }
        }
        let per_ms = network.config.input.weight * network.config.input.r_max / 1000.0;
        let neurons = heard.iter().zip(&block.constants.gain).zip(&block.constants.membrane);
        for (drive, ((&heard, &gain), &membrane)) in self.drive.iter_mut().zip(neurons) {
            *drive += gain * (f64::from(membrane) * per_ms * heard) as f32;
        }
        self.note_drive();
    }

    /// Looks whether constant currents add anything.
    pub(crate) fn note_drive(&mut self) {
        self.driven = self.drive.iter().any(|&drive| drive != 0.0);
    }

    /// Runs through a slice and leaves its spikes in `self.spikes`.
    pub(crate) fn advance(&mut self, slice: &Slice<'_>) {
        #[cfg(target_arch = "x86_64")]
        {
            match slice.isa.0 {
                // SAFETY: an `Isa` is made only where the machine has the instruction set.
                isa::AVX512 => return unsafe { self.advance_avx512(slice) },
                // SAFETY: as above.
                isa::AVX2 => return unsafe { self.advance_avx2(slice) },
                _ => {}
            }
        }
        self.steps(slice, Kernel::Portable);
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx2,bmi1,bmi2,popcnt")]
    fn advance_avx512(&mut self, slice: &Slice<'_>) {
        self.steps(slice, Kernel::Avx512);
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,bmi1,bmi2,popcnt")]
    fn advance_avx2(&mut self, slice: &Slice<'_>) {
        self.steps(slice, Kernel::Portable);
    }

    #[inline(always)]
    fn steps(&mut self, slice: &Slice<'_>, kernel: Kernel) {
        let steps = slice.steps as usize;
        let groups = self.noise.len();
        let block = &slice.network.blocks[self.block];
        self.fired.resize(steps * groups, 0);
        self.arrived.resize_with(steps.max(self.arrived.len()), Arrived::default);
        for offset in 0..steps {
            self.count(slice, block, offset, kernel);
        }
        if block.has_lists() {
            for offset in 0..steps {
                self.deliver_lists(slice, block, offset);
                self.run_groups(slice, block, offset..offset + 1, kernel);
            }
        } else {
            self.run_groups(slice, block, 0..steps, kernel);
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
    fn count(&mut self, slice: &Slice<'_>, block: &Block, offset: usize, kernel: Kernel) {
        let weights = &slice.network.weights;
        let arrivals = slice.arrivals(offset);
        let arrived = &mut self.arrived[offset];
        arrived.clear();
        if let Connections::Rows(rows) = &block.recurrent {
            arrived.add(kernel, rows, &arrivals.excitatory, weights.excitatory);
        }
        if let Some(Connections::Rows(rows)) = &block.input {
            arrived.add(kernel, rows, &slice.input[offset], weights.input);
        }
        arrived.begin_inhibition(slice.network.config.synapse == Synapse::Exponential);
        if let Connections::Rows(rows) = &block.recurrent {
            arrived.add(kernel, rows, &arrivals.inhibitory, weights.inhibitory);
        }
        arrived.fold(kernel);
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
    fn run_groups(
        &mut self,
        slice: &Slice<'_>,
        block: &Block,
        offsets: std::ops::Range<usize>,
        kernel: Kernel,
    ) {
        let config = &slice.network.config;
        let steps = slice.steps as usize;
        let [excitatory, inhibitory] = &self.listed;
        let passage = Passage {
            constants: &block.constants,
            synapse: config.synapse,
            dt: config.dt,
            first_step: (slice.first_step as usize + offsets.start) as i32,
            arrived: &self.arrived[offsets.clone()],
            listed: block.has_lists().then_some([excitatory, inhibitory]),
            background: slice.background,
            background_weight: slice.network.weights.background,
            drive: self.driven.then_some(&self.drive),
        };
        for (group, generator) in self.noise.iter_mut().enumerate() {
            let fired = &mut self.fired[group * steps + offsets.start..][..offsets.len()];
            passage.run(kernel, group, &mut self.neurons, generator, &mut self.probe, fired);
        }
    }
}
