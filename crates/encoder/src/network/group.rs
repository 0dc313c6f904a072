//! A group of 64 neurons running through a slice of time: the inner loop of the simulator.
//!
//! What arrives at a group in the time steps of a slice is known before it starts, because no
//! spike acts sooner than the shortest delay. So a group takes all steps of the slice one after
//! the other, its potentials in registers where they fit. A step is
//!
//! 1. what arrives: one look-up in sixteen sums for each fold ([`counting`](super::counting)),
//!    the background, and what lists of targets brought;
//! 2. V <- decay V + all of it, where the neuron is not refractory;
//! 3. a bit for each neuron at or above threshold, and its reset.
//!
//! Sums are taken in one order and without fused multiply-add, so that all instruction sets give
//! the same bits.

use equipoise_simd::{F32x16, LANES, Mask, Simd, U32x16};

use super::config::Synapse;
use super::counting::{Arrived, GROUP, add_folds};
use super::membrane::{Constants, State};
use super::noise::{LaneGenerator, PoissonTable, VectorNoise};
use super::probe::BlockProbe;

/// Sixteen neurons of a group.
const QUARTERS: usize = GROUP / LANES;

/// The update of the neurons of a block over some time steps: all that its groups read.
pub(crate) struct Update<'a> {
    pub(crate) constants: &'a Constants,
    pub(crate) synapse: Synapse,
    /// Time step, ms.
    pub(crate) dt: f64,
    /// The first time step.
    pub(crate) first_step: u32,
    /// What arrives through rows in each time step.
    pub(crate) arrived: &'a [Arrived],
    /// What arrives through lists, excitatory and inhibitory, mV; then there is one step only.
    pub(crate) listed: Option<[&'a [f32]; 2]>,
    pub(crate) background: Option<&'a PoissonTable>,
    pub(crate) background_weight: f32,
    /// What constant currents add in a step, mV, if there are any.
    pub(crate) drive: Option<&'a [f32]>,
}

impl Update<'_> {
    /// Takes a group through all time steps. Bit i of `fired[k]` is set if neuron i of the group
    /// fires in time step k.
    #[inline(always)]
    pub(crate) fn run<S: Simd>(
        &self,
        simd: S,
        group: usize,
        state: &mut State,
        generator: &mut LaneGenerator,
        probe: &mut BlockProbe,
        fired: &mut [u64],
    ) {
        let plain = self.synapse == Synapse::Delta && self.listed.is_none();
        if S::LOOKS_UP && plain && !probe.looks_at(group) {
            match (self.constants.uniform, self.background) {
                (true, None) => {
                    self.run_in_registers::<S, true, false>(simd, group, state, generator, fired);
                }
                (true, Some(_)) => {
                    self.run_in_registers::<S, true, true>(simd, group, state, generator, fired);
                }
                (false, None) => {
                    self.run_in_registers::<S, false, false>(simd, group, state, generator, fired);
                }
                (false, Some(_)) => {
                    self.run_in_registers::<S, false, true>(simd, group, state, generator, fired);
                }
            }
            return;
        }
        for (k, arrived) in self.arrived.iter().enumerate() {
            let step = self.first_step + k as u32;
            let noise = self.noise(simd, generator);
            let input = match self.synapse {
                Synapse::Delta => self.jumps(arrived, group, noise.as_ref()),
                Synapse::Exponential => self.currents(arrived, group, noise.as_ref(), state),
            };
            fired[k] = self.advance(step, group, state, &input);
            if probe.looks_at(group) {
                self.record(arrived, group, noise.as_ref(), state, probe);
            }
        }
    }

    /// The background of a time step.
    #[inline(always)]
    fn noise<S: Simd>(&self, simd: S, generator: &mut LaneGenerator) -> Option<[f32; GROUP]> {
        let table = self.background?;
        let mut noise = [0.0; GROUP];
        table.fill(simd, generator, self.background_weight, &mut noise);
        Some(noise)
    }

    /// What delta synapses and constant currents add to the potentials.
    #[inline(always)]
    fn jumps(&self, arrived: &Arrived, group: usize, noise: Option<&[f32; GROUP]>) -> [f32; GROUP] {
        let mut sum = [0.0; GROUP];
        add_folds(arrived.folds(), group, &mut sum);
        if let Some(noise) = noise {
            add(&mut sum, noise);
        }
        if let Some([excitatory, inhibitory]) = self.listed {
            let lists = of(excitatory, group).iter().zip(of(inhibitory, group));
            for (sum, (e, i)) in sum.iter_mut().zip(lists) {
                *sum += e + i;
            }
        }
        if let Some(drive) = self.drive {
            add(&mut sum, of(drive, group));
        }
        sum
    }

    /// What exponential currents add to the potentials; then the currents decay, and what arrives
    /// in this step joins them.
    #[inline(always)]
    fn currents(
        &self,
        arrived: &Arrived,
        group: usize,
        noise: Option<&[f32; GROUP]>,
        state: &mut State,
    ) -> [f32; GROUP] {
        let constants = self.constants;
        let (mut excitatory, mut inhibitory) = ([0.0; GROUP], [0.0; GROUP]);
        let (folds_e, folds_i) = arrived.folds_apart();
        add_folds(folds_e, group, &mut excitatory);
        add_folds(folds_i, group, &mut inhibitory);
        if let Some(noise) = noise {
            add(&mut excitatory, noise);
        }
        if let Some([e, i]) = self.listed {
            add(&mut excitatory, of(e, group));
            add(&mut inhibitory, of(i, group));
        }
        let response_e = of(&constants.response_excitatory, group);
        let response_i = of(&constants.response_inhibitory, group);
        let current_e = of_mut(&mut state.current_excitatory, group);
        let current_i = of_mut(&mut state.current_inhibitory, group);
        let mut sum = [0.0; GROUP];
        for k in 0..GROUP {
            sum[k] = current_e[k] * response_e[k] + current_i[k] * response_i[k];
            current_e[k] = current_e[k] * constants.current_decay_excitatory + excitatory[k];
            current_i[k] = current_i[k] * constants.current_decay_inhibitory + inhibitory[k];
        }
        if let Some(drive) = self.drive {
            add(&mut sum, of(drive, group));
        }
        sum
    }

    /// Advances the potentials by a step, and says who fired.
    #[inline(always)]
    fn advance(&self, step: u32, group: usize, state: &mut State, input: &[f32; GROUP]) -> u64 {
        let decay = of(&self.constants.decay, group);
        let threshold = of(&self.constants.threshold, group);
        let held_until = of(&state.held_until, group);
        let potential = of_mut(&mut state.potential, group);
        let mut fired = 0;
        for k in 0..GROUP {
            let next = potential[k] * decay[k] + input[k];
            let v = if step > held_until[k] { next } else { potential[k] };
            potential[k] = v;
            fired |= u64::from(v >= threshold[k]) << k;
        }
        let mut left = fired;
        while left != 0 {
            let neuron = GROUP * group + left.trailing_zeros() as usize;
            state.potential[neuron] = self.constants.reset[neuron];
            state.held_until[neuron] = step + self.constants.refractory[neuron];
            left &= left - 1;
        }
        fired
    }

    /// Hands the inputs of a step, as R I in mV, and the potentials after it to the probe.
    #[inline(never)]
    fn record(
        &self,
        arrived: &Arrived,
        group: usize,
        noise: Option<&[f32; GROUP]>,
        state: &State,
        probe: &mut BlockProbe,
    ) {
        let constants = self.constants;
        probe.step(group, &state.potential, |neuron| {
            let tau = f64::from(constants.membrane[neuron]);
            let [e, i] = if self.synapse == Synapse::Exponential {
                // The mean over a step of a current that decays from its start.
                let mean = |current: f32, left: f32| {
                    f64::from(current) * (1.0 - f64::from(left)) * tau / self.dt
                };
                [
                    mean(state.current_excitatory[neuron], constants.current_decay_excitatory),
                    mean(state.current_inhibitory[neuron], constants.current_decay_inhibitory),
                ]
            } else {
                let [mut e, mut i] = arrived.of(neuron);
                e += noise.map_or(0.0, |noise| noise[neuron % GROUP]);
                if let Some(listed) = self.listed {
                    e += listed[0][neuron];
                    i += listed[1][neuron];
                }
                [e, i].map(|jump| f64::from(jump) * tau / self.dt)
            };
            let drive = self.drive.map_or(0.0, |drive| drive[neuron]);
            let current = f64::from(drive) / f64::from(constants.gain[neuron]);
            [e + current.max(0.0), i + current.min(0.0)]
        });
    }

    /// [`Update::run`] with delta synapses, rows only, and nobody recorded. `UNIFORM`: the neurons
    /// share their constants. `BACKGROUND`: there is one.
    #[inline(always)]
    fn run_in_registers<S: Simd, const UNIFORM: bool, const BACKGROUND: bool>(
        &self,
        simd: S,
        group: usize,
        state: &mut State,
        generator: &mut LaneGenerator,
        fired: &mut [u64],
    ) {
        let constants = self.constants;
        let potential = quarters_mut(&mut state.potential, group);
        let held_until = quarters_mut(&mut state.held_until, group);
        let decays = quarters(&constants.decay, group);
        let thresholds = quarters(&constants.threshold, group);
        let resets = quarters(&constants.reset, group);
        let refractory = quarters(&constants.refractory, group);
        let drive = self.drive.map(|drive| quarters(drive, group));
        let decay_all = simd.splat(constants.decay[0]);
        let threshold_all = simd.splat(constants.threshold[0]);
        let reset_all = simd.splat(constants.reset[0]);
        let refractory_all = simd.splat_u32(constants.refractory[0]);
        let mut noise = match self.background {
            Some(table) if BACKGROUND => {
                Some(VectorNoise::load(simd, table, generator, self.background_weight))
            }
            _ => None,
        };
        let mut v = [simd.splat(0.0); QUARTERS];
        let mut held = [simd.splat_u32(0); QUARTERS];
        for q in 0..QUARTERS {
            v[q] = simd.floats(&potential[q]);
            held[q] = simd.integers(&held_until[q]);
        }
        let shift = 16 * (group as u32 % 2);
        for (k, arrived) in self.arrived.iter().enumerate() {
            let mut sum = [simd.splat(0.0); QUARTERS];
            for fold in arrived.folds() {
                let sums = simd.floats(&fold.sums);
                let codes = simd.integers(&fold.codes[group / 2].0).down(shift);
                sum[0] = sum[0] + sums.look_up(codes);
                sum[1] = sum[1] + sums.look_up(codes.down(4));
                sum[2] = sum[2] + sums.look_up(codes.down(8));
                sum[3] = sum[3] + sums.look_up(codes.down(12));
            }
            if let Some(noise) = &mut noise {
                for sum in &mut sum {
                    *sum = *sum + noise.draw();
                }
            }
            if let Some(drive) = drive {
                for (sum, drive) in sum.iter_mut().zip(drive) {
                    *sum = *sum + simd.floats(drive);
                }
            }
            let now = simd.splat_u32(self.first_step + k as u32);
            let mut bits = 0u64;
            for q in 0..QUARTERS {
                let (decay, threshold, reset, until) = if UNIFORM {
                    (decay_all, threshold_all, reset_all, now + refractory_all)
                } else {
                    (
                        simd.floats(&decays[q]),
                        simd.floats(&thresholds[q]),
                        simd.floats(&resets[q]),
                        now + simd.integers(&refractory[q]),
                    )
                };
                let free = held[q].below(now);
                let next = v[q].replace_where(free, v[q] * decay + sum[q]);
                let over = next.at_least(threshold);
                v[q] = next.replace_where(over, reset);
                held[q] = held[q].replace_where(over, until);
                bits |= u64::from(over.bits()) << (LANES * q);
            }
            fired[k] = bits;
        }
        if let Some(noise) = noise {
            noise.store(generator);
        }
        for q in 0..QUARTERS {
            v[q].write(&mut potential[q]);
            held[q].write(&mut held_until[q]);
        }
    }
}

/// The numbers of a group.
#[inline(always)]
fn of<T>(values: &[T], group: usize) -> &[T; GROUP] {
    let values = &values[GROUP * group..GROUP * (group + 1)];
    values.try_into().expect("this is the length of a group")
}

#[inline(always)]
fn of_mut<T>(values: &mut [T], group: usize) -> &mut [T; GROUP] {
    let values = &mut values[GROUP * group..GROUP * (group + 1)];
    values.try_into().expect("this is the length of a group")
}

#[inline(always)]
fn add(sum: &mut [f32; GROUP], values: &[f32; GROUP]) {
    for (sum, value) in sum.iter_mut().zip(values) {
        *sum += value;
    }
}

/// The numbers of a group, sixteen by sixteen.
#[inline(always)]
fn quarters<T>(values: &[T], group: usize) -> &[[T; LANES]; QUARTERS] {
    let (quarters, _) = of(values, group).as_chunks();
    quarters.try_into().expect("a group has four quarters")
}

#[inline(always)]
fn quarters_mut<T>(values: &mut [T], group: usize) -> &mut [[T; LANES]; QUARTERS] {
    let (quarters, _) = of_mut(values, group).as_chunks_mut();
    quarters.try_into().expect("a group has four quarters")
}
