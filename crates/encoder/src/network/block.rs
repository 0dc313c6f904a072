//! One block of neurons running through a slice of time: the inner loop of the simulator.
//!
//! A time step of a block is: draw the background of every neuron, add the spikes that arrive,
//! advance the membranes, note who fired. The whole of it is compiled for each instruction set
//! and chosen once at run time; all versions give the same bits.

use super::build::{Block, Network};
use super::config::Synapse;
use super::connectivity::Connections;
use super::counting;
#[cfg(target_arch = "x86_64")]
use super::counting::Counts;
#[cfg(target_arch = "x86_64")]
use super::membrane::FusedStep;
use super::membrane::{self, State};
use super::noise::{LaneGenerator, PoissonTable};
use super::probe::{BlockProbe, Probe};
use super::simulate::Arrivals;

/// One spike: its time step and its neuron.
pub(crate) type Event = (u32, u32);

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

/// The state of one block during a run.
pub(crate) struct BlockState {
    pub(crate) block: usize,
    pub(crate) first: usize,
    pub(crate) neurons: State,
    /// What constant currents add in a step, mV.
    pub(crate) drive: Vec<f32>,
    pub(crate) noise: LaneGenerator,
    /// What arrives in the present step, mV.
    excitatory: Vec<f32>,
    inhibitory: Vec<f32>,
    fired: Vec<u32>,
    pub(crate) spikes: Vec<Event>,
    pub(crate) probe: BlockProbe,
}

/// An instruction set the inner loop is compiled for, and that the machine has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Isa(u8);

mod isa {
    pub(super) const PORTABLE: u8 = 0;
    pub(super) const AVX2: u8 = 1;
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
            noise: LaneGenerator::new(&mut equipoise_random::stream(0, "", 0)),
            excitatory: vec![0.0; n],
            inhibitory: vec![0.0; n],
            fired: Vec::with_capacity(n),
            spikes: Vec::new(),
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
    }

    /// Runs through a slice and leaves its spikes in `self.spikes`.
    pub(crate) fn advance(&mut self, slice: &Slice<'_>) {
        #[cfg(target_arch = "x86_64")]
        {
            // SAFETY: an `Isa` is made only where the machine has the instruction set.
            match slice.isa.0 {
                isa::AVX512 => return unsafe { self.advance_avx512(slice) },
                isa::AVX2 => return unsafe { self.advance_avx2(slice) },
                _ => {}
            }
        }
        self.steps::<{ isa::PORTABLE }>(slice);
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx2,bmi1,bmi2,popcnt")]
    fn advance_avx512(&mut self, slice: &Slice<'_>) {
        self.steps::<{ isa::AVX512 }>(slice);
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,bmi1,bmi2,popcnt")]
    fn advance_avx2(&mut self, slice: &Slice<'_>) {
        self.steps::<{ isa::PORTABLE }>(slice);
    }

    #[inline(always)]
    fn steps<const ISA: u8>(&mut self, slice: &Slice<'_>) {
        let network = slice.network;
        let block = &network.blocks[self.block];
        for offset in 0..slice.steps {
            let step = slice.first_step + offset;
            let arrivals = &slice.ring[step as usize % slice.ring.len()];
            let input = &slice.input[offset as usize];
            self.fired.clear();
            if !self.step_fused::<ISA>(slice, arrivals, input, step as i32) {
                match slice.background {
                    Some(table) => self.draw_background::<ISA>(table, network.weights.background),
                    None => self.excitatory.fill(0.0),
                }
                self.inhibitory.fill(0.0);
                let weights = &network.weights;
                let (to_e, to_i) = (&mut self.excitatory, &mut self.inhibitory);
                deliver::<ISA>(&block.recurrent, &arrivals.excitatory, weights.excitatory, to_e);
                deliver::<ISA>(&block.recurrent, &arrivals.inhibitory, weights.inhibitory, to_i);
                if let Some(connections) = &block.input {
                    deliver::<ISA>(connections, input, weights.input, to_e);
                }
                self.step_membranes(block, network.config.synapse, step as i32);
            }
            for &neuron in &self.fired {
                let i = neuron as usize;
                self.neurons.potential[i] = block.constants.reset[i];
                self.neurons.held_until[i] = step as i32 + block.constants.refractory[i];
                self.spikes.push((step, (self.first + i) as u32));
            }
            if !self.probe.neurons.is_empty() {
                self.record(block, network);
            }
        }
    }

    #[inline(always)]
    fn draw_background<const ISA: u8>(&mut self, table: &PoissonTable, weight: f32) {
        #[cfg(target_arch = "x86_64")]
        if ISA == isa::AVX512 {
            // SAFETY: this instruction set is chosen only where the machine has it.
            unsafe { table.fill_avx512(&mut self.noise, weight, &mut self.excitatory) };
            return;
        }
        table.fill(&mut self.noise, weight, &mut self.excitatory);
    }

    /// A whole step in registers, where that is possible: delta synapses, connections in rows, no
    /// neuron recorded. Says whether it was.
    #[inline(always)]
    fn step_fused<const ISA: u8>(
        &mut self,
        slice: &Slice<'_>,
        arrivals: &Arrivals,
        input: &[u32],
        step: i32,
    ) -> bool {
        #[cfg(target_arch = "x86_64")]
        if ISA == isa::AVX512
            && slice.network.config.synapse == Synapse::Delta
            && self.probe.neurons.is_empty()
        {
            let block = &slice.network.blocks[self.block];
            let Connections::Rows(recurrent) = &block.recurrent else { return false };
            // SAFETY: this instruction set is chosen only where the machine has it.
            unsafe {
                let excitatory = Counts::of_avx512(recurrent, &arrivals.excitatory);
                let inhibitory = Counts::of_avx512(recurrent, &arrivals.inhibitory);
                let input = match &block.input {
                    None => Some(Counts::NONE),
                    Some(Connections::Rows(rows)) => Counts::of_avx512(rows, input),
                    Some(Connections::Lists { .. }) => None,
                };
                let (Some(excitatory), Some(inhibitory), Some(input)) =
                    (excitatory, inhibitory, input)
                else {
                    return false;
                };
                let weights = &slice.network.weights;
                if let Some(table) = slice.background {
                    self.draw_background::<ISA>(table, weights.background);
                }
                FusedStep {
                    constants: &block.constants,
                    step,
                    excitatory: &excitatory,
                    inhibitory: &inhibitory,
                    input: &input,
                    weights,
                    background: slice.background.is_some().then_some(&self.excitatory),
                    drive: &self.drive,
                }
                .run_avx512(&mut self.neurons, &mut self.fired);
            }
            return true;
        }
        let _ = (slice, arrivals, input, step);
        false
    }

    #[inline(always)]
    fn step_membranes(&mut self, block: &Block, synapse: Synapse, step: i32) {
        let (constants, state, fired) = (&block.constants, &mut self.neurons, &mut self.fired);
        let (excitatory, inhibitory, drive) = (&self.excitatory, &self.inhibitory, &self.drive);
        match synapse {
            Synapse::Delta => {
                membrane::step_delta(constants, state, step, excitatory, inhibitory, drive, fired)
            }
            Synapse::Exponential => membrane::step_exponential(
                constants, state, step, excitatory, inhibitory, drive, fired,
            ),
        }
    }

    /// Hands the inputs and potentials of this step to the probe, the inputs as R I in mV.
    #[inline(never)]
    fn record(&mut self, block: &Block, network: &Network) {
        let config = &network.config;
        let constants = &block.constants;
        let exponential = config.synapse == Synapse::Exponential;
        let (state, drive) = (&self.neurons, &self.drive);
        let (excitatory, inhibitory) = (&self.excitatory, &self.inhibitory);
        self.probe.step(&state.potential, |i| {
            let tau = f64::from(constants.membrane[i]);
            let [e, i_] = if exponential {
                // The mean over a step of a current that decays from its start.
                let mean = |current: f32, left: f32| {
                    f64::from(current) * (1.0 - f64::from(left)) * tau / config.dt
                };
                [
                    mean(state.current_excitatory[i], constants.current_decay_excitatory),
                    mean(state.current_inhibitory[i], constants.current_decay_inhibitory),
                ]
            } else {
                [excitatory[i], inhibitory[i]].map(|jump| f64::from(jump) * tau / config.dt)
            };
            let current = f64::from(drive[i]) / f64::from(constants.gain[i]);
            [e + current.max(0.0), i_ + current.min(0.0)]
        });
    }
}

/// Adds what the sources that fired send to the block.
#[inline(always)]
fn deliver<const ISA: u8>(
    connections: &Connections,
    sources: &[u32],
    weight: f32,
    out: &mut [f32],
) {
    match connections {
        Connections::Rows(rows) => {
            #[cfg(target_arch = "x86_64")]
            if ISA == isa::AVX512 {
                // SAFETY: this instruction set is chosen only where the machine has it.
                unsafe { counting::add_counts_avx512(rows, sources, weight, out) };
                return;
            }
            counting::add_counts(rows, sources, weight, out);
        }
        Connections::Lists { offsets, targets, weights } => {
            for &source in sources {
                let range =
                    offsets[source as usize] as usize..offsets[source as usize + 1] as usize;
                match weights {
                    None => {
                        for &target in &targets[range] {
                            out[usize::from(target)] += weight;
                        }
                    }
                    Some(weights) => {
                        for (&target, factor) in targets[range.clone()].iter().zip(&weights[range])
                        {
                            out[usize::from(target)] += weight * factor;
                        }
                    }
                }
            }
        }
    }
}
