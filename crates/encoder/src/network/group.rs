//! A group of 64 neurons running through a slice of time: the inner loop of the simulator.
//!
//! What arrives at a group in the time steps of a slice is known before it starts, because no
//! spike acts sooner than the shortest delay. So a group takes all steps of the slice one after
//! the other, its potentials in registers: four of sixteen neurons with AVX-512. A step is
//!
//! 1. what arrives: one look-up in sixteen sums for each fold ([`counting`](super::counting)),
//!    the background, and what lists of targets brought;
//! 2. V <- decay V + all of it, where the neuron is not refractory;
//! 3. a bit for each neuron at or above threshold, and its reset.
//!
//! Sums are taken in one order and without fused multiply-add, so that all kernels give the same
//! bits.

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::*;

use super::config::Synapse;
use super::counting::{Arrived, GROUP, Kernel, add_folds};
use super::membrane::{Constants, State};
#[cfg(target_arch = "x86_64")]
use super::noise::VectorNoise;
use super::noise::{LaneGenerator, PoissonTable};
use super::probe::BlockProbe;

/// What the groups of a block see of the time that they run through.
pub(crate) struct Passage<'a> {
    pub(crate) constants: &'a Constants,
    pub(crate) synapse: Synapse,
    /// Time step, ms.
    pub(crate) dt: f64,
    /// The first time step.
    pub(crate) first_step: i32,
    /// What arrives through rows in each time step.
    pub(crate) arrived: &'a [Arrived],
    /// What arrives through lists, excitatory and inhibitory, mV; then there is one step only.
    pub(crate) listed: Option<[&'a [f32]; 2]>,
    pub(crate) background: Option<&'a PoissonTable>,
    pub(crate) background_weight: f32,
    /// What constant currents add in a step, mV, if there are any.
    pub(crate) drive: Option<&'a [f32]>,
}

impl Passage<'_> {
    /// Takes a group through all time steps. Bit i of `fired[k]` is set if neuron i of the group
    /// fires in time step k.
    #[inline(always)]
    pub(crate) fn run(
        &self,
        kernel: Kernel,
        group: usize,
        state: &mut State,
        generator: &mut LaneGenerator,
        probe: &mut BlockProbe,
        fired: &mut [u64],
    ) {
        #[cfg(target_arch = "x86_64")]
        if kernel == Kernel::Avx512
            && self.synapse == Synapse::Delta
            && self.listed.is_none()
            && !probe.looks_at(group)
        {
            // SAFETY: the kernel is chosen only where the machine has AVX-512.
            unsafe {
                match (self.constants.uniform, self.background) {
                    (true, None) => self.run_avx512::<true, false>(group, state, generator, fired),
                    (true, Some(_)) => {
                        self.run_avx512::<true, true>(group, state, generator, fired)
                    }
                    (false, None) => {
                        self.run_avx512::<false, false>(group, state, generator, fired)
                    }
                    (false, Some(_)) => {
                        self.run_avx512::<false, true>(group, state, generator, fired)
                    }
                }
            }
            return;
        }
        for (k, arrived) in self.arrived.iter().enumerate() {
            let step = self.first_step + k as i32;
            let noise = self.noise(kernel, generator);
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
    fn noise(&self, kernel: Kernel, generator: &mut LaneGenerator) -> Option<[f32; GROUP]> {
        let table = self.background?;
        let mut noise = [0.0; GROUP];
        match kernel {
            Kernel::Portable => table.fill(generator, self.background_weight, &mut noise),
            #[cfg(target_arch = "x86_64")]
            // SAFETY: the kernel is chosen only where the machine has AVX-512.
            Kernel::Avx512 => unsafe {
                table.fill_avx512(generator, self.background_weight, &mut noise);
            },
        }
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
    fn advance(&self, step: i32, group: usize, state: &mut State, input: &[f32; GROUP]) -> u64 {
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

    /// [`Passage::run`] with delta synapses, rows only, and nobody recorded. `UNIFORM`: the neurons
    /// share their constants. `BACKGROUND`: there is one.
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq")]
    fn run_avx512<const UNIFORM: bool, const BACKGROUND: bool>(
        &self,
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
        let all = |value: f32| _mm512_set1_ps(value);
        let (decay_all, threshold_all, reset_all) =
            (all(constants.decay[0]), all(constants.threshold[0]), all(constants.reset[0]));
        let refractory_all = _mm512_set1_epi32(constants.refractory[0]);
        let mut noise = match self.background {
            Some(table) if BACKGROUND => {
                Some(VectorNoise::load(table, generator, self.background_weight))
            }
            _ => None,
        };
        let mut v = [0, 1, 2, 3].map(|q| floats(&potential[q]));
        let mut held = [0, 1, 2, 3].map(|q| integers(&held_until[q]));
        let shift = _mm_cvtsi32_si128(16 * (group as i32 % 2));
        for (k, arrived) in self.arrived.iter().enumerate() {
            let mut sum = [_mm512_setzero_ps(); 4];
            for fold in arrived.folds() {
                let sums = floats(&fold.sums);
                // Only the lowest four bits of a lane count in a look-up.
                let codes = _mm512_srl_epi32(unsigned(&fold.codes[group / 2].0), shift);
                let found = [
                    _mm512_permutexvar_ps(codes, sums),
                    _mm512_permutexvar_ps(_mm512_srli_epi32::<4>(codes), sums),
                    _mm512_permutexvar_ps(_mm512_srli_epi32::<8>(codes), sums),
                    _mm512_permutexvar_ps(_mm512_srli_epi32::<12>(codes), sums),
                ];
                for (sum, found) in sum.iter_mut().zip(found) {
                    *sum = _mm512_add_ps(*sum, found);
                }
            }
            if let Some(noise) = &mut noise {
                for sum in &mut sum {
                    *sum = _mm512_add_ps(*sum, noise.draw());
                }
            }
            if let Some(drive) = drive {
                for (sum, drive) in sum.iter_mut().zip(drive) {
                    *sum = _mm512_add_ps(*sum, floats(drive));
                }
            }
            let now = _mm512_set1_epi32(self.first_step + k as i32);
            let mut bits = 0u64;
            for q in 0..4 {
                let (decay, threshold, reset, until) = if UNIFORM {
                    (decay_all, threshold_all, reset_all, _mm512_add_epi32(now, refractory_all))
                } else {
                    let until = _mm512_add_epi32(now, integers(&refractory[q]));
                    (floats(&decays[q]), floats(&thresholds[q]), floats(&resets[q]), until)
                };
                let free = _mm512_cmpgt_epi32_mask(now, held[q]);
                let left = _mm512_mul_ps(v[q], decay);
                v[q] = _mm512_mask_add_ps(v[q], free, left, sum[q]);
                let over = _mm512_cmp_ps_mask::<_CMP_GE_OQ>(v[q], threshold);
                v[q] = _mm512_mask_mov_ps(v[q], over, reset);
                held[q] = _mm512_mask_mov_epi32(held[q], over, until);
                bits |= u64::from(over) << (16 * q);
            }
            fired[k] = bits;
        }
        if let Some(noise) = noise {
            noise.store(generator);
        }
        for q in 0..4 {
            // SAFETY: a quarter is sixteen numbers of 4 bytes, 64 bytes.
            unsafe {
                _mm512_storeu_ps(potential[q].as_mut_ptr(), v[q]);
                _mm512_storeu_si512(held_until[q].as_mut_ptr().cast(), held[q]);
            }
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
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn quarters<T>(values: &[T], group: usize) -> &[[T; 16]; 4] {
    let (quarters, _) = of(values, group).as_chunks();
    quarters.try_into().expect("a group has four quarters")
}

#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn quarters_mut<T>(values: &mut [T], group: usize) -> &mut [[T; 16]; 4] {
    let (quarters, _) = of_mut(values, group).as_chunks_mut();
    quarters.try_into().expect("a group has four quarters")
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
#[inline]
fn floats(values: &[f32; 16]) -> __m512 {
    // SAFETY: sixteen numbers of 4 bytes, 64 bytes.
    unsafe { _mm512_loadu_ps(values.as_ptr()) }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
#[inline]
fn integers(values: &[i32; 16]) -> __m512i {
    // SAFETY: sixteen numbers of 4 bytes, 64 bytes.
    unsafe { _mm512_loadu_si512(values.as_ptr().cast()) }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
#[inline]
fn unsigned(values: &[u32; 16]) -> __m512i {
    // SAFETY: sixteen numbers of 4 bytes, 64 bytes.
    unsafe { _mm512_loadu_si512(values.as_ptr().cast()) }
}
