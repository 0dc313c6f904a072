//! Fast draws for building: a synapse needs a target, a weight and a delay, and there may be
//! hundreds of millions.

use std::sync::OnceLock;

use equipoise_random::Stream;

use crate::network::{Distribution, Parameter};

/// Standard deviations at which normal weights and delays are cut: one synapse in 5e8.
pub(crate) const CUT: f64 = 6.0;

/// A number below `n` from 32 random bits at a time, without bias (Lemire 2019, ACM Trans. Model.
/// Comput. Simul. 29:3). Reads half a draw each time.
#[derive(Debug)]
pub(crate) struct Halves<'a> {
    stream: &'a mut Stream,
    rest: Option<u32>,
}

impl<'a> Halves<'a> {
    pub(crate) fn new(stream: &'a mut Stream) -> Self {
        Self { stream, rest: None }
    }

    #[inline]
    pub(crate) fn bits(&mut self) -> u32 {
        if let Some(bits) = self.rest.take() {
            return bits;
        }
        let both = self.stream.next_u64();
        self.rest = Some((both >> 32) as u32);
        both as u32
    }

    #[inline]
    pub(crate) fn below(&mut self, n: u32) -> u32 {
        let mut product = u64::from(self.bits()) * u64::from(n);
        if (product as u32) < n {
            let reject = n.wrapping_neg() % n;
            while (product as u32) < reject {
                product = u64::from(self.bits()) * u64::from(n);
            }
        }
        (product >> 32) as u32
    }
}

/// Layers of the ziggurat.
const LAYERS: usize = 256;
/// Where its base layer ends, and the area of a layer (Marsaglia & Tsang 2000, J. Stat. Softw.
/// 5:8, for 256 layers).
const BASE: f64 = 3.654_152_885_361_009;
const AREA: f64 = 0.004_928_673_233_974_655;

/// The ziggurat of the normal distribution: the right edge of each layer, and the density there.
struct Ziggurat {
    edge: [f64; LAYERS + 1],
    density: [f64; LAYERS + 1],
}

fn ziggurat() -> &'static Ziggurat {
    static TABLE: OnceLock<Ziggurat> = OnceLock::new();
    TABLE.get_or_init(|| {
        let f = |x: f64| libm::exp(-0.5 * x * x);
        let mut edge = [0.0; LAYERS + 1];
        edge[0] = AREA / f(BASE);
        edge[1] = BASE;
        for k in 2..LAYERS {
            edge[k] = libm::sqrt(-2.0 * libm::log(AREA / edge[k - 1] + f(edge[k - 1])));
        }
        let density = edge.map(f);
        Ziggurat { edge, density }
    })
}

/// A standard normal number by the ziggurat: one draw in 99 of 100 cases.
#[inline]
pub(crate) fn normal(stream: &mut Stream) -> f64 {
    let table = ziggurat();
    loop {
        let bits = stream.next_u64();
        let layer = (bits & 0xff) as usize;
        // 55 bits, signed.
        let u = (bits as i64 >> 9) as f64 * (1.0 / (1u64 << 54) as f64);
        let x = u * table.edge[layer];
        if x.abs() < table.edge[layer + 1] {
            return x;
        }
        if layer == 0 {
            // The tail (Marsaglia 1964).
            loop {
                let a = -libm::log(stream.uniform_open()) / BASE;
                let b = -libm::log(stream.uniform_open());
                if b + b >= a * a {
                    return if u < 0.0 { -(BASE + a) } else { BASE + a };
                }
            }
        }
        let (low, high) = (table.density[layer], table.density[layer + 1]);
        if low + stream.uniform() * (high - low) < libm::exp(-0.5 * x * x) {
            return x;
        }
    }
}

/// A binomial number: `n` trials that succeed with probability `p`. By inversion below a mean of
/// 10, by transformed rejection (BTRS, Hörmann 1993, J. Stat. Comput. Simul. 46:101) from there on.
pub(crate) fn binomial(stream: &mut Stream, n: u64, p: f64) -> u64 {
    if n == 0 || p <= 0.0 {
        return 0;
    }
    if p >= 1.0 {
        return n;
    }
    if p > 0.5 {
        return n - binomial(stream, n, 1.0 - p);
    }
    let trials = n as f64;
    let odds = p / (1.0 - p);
    if trials * p < 10.0 {
        let mut probability = libm::exp(trials * libm::log1p(-p));
        let mut u = stream.uniform();
        let mut k = 0;
        while u >= probability && k < n {
            u -= probability;
            probability *= odds * (trials - k as f64) / (k as f64 + 1.0);
            k += 1;
        }
        return k;
    }
    let spread = libm::sqrt(trials * p * (1.0 - p));
    let b = 1.15 + 2.53 * spread;
    let a = -0.0873 + 0.0248 * b + 0.01 * p;
    let c = trials * p + 0.5;
    let v_r = 0.92 - 4.2 / b;
    let alpha = (2.83 + 5.1 / b) * spread;
    let mode = libm::floor((trials + 1.0) * p);
    let log_factorials = |k: f64| libm::lgamma(k + 1.0) + libm::lgamma(trials - k + 1.0);
    let at_mode = log_factorials(mode);
    loop {
        let u = stream.uniform() - 0.5;
        let v = stream.uniform_open();
        let us = 0.5 - u.abs();
        let k = libm::floor((2.0 * a / us + b) * u + c);
        if k < 0.0 || k > trials {
            continue;
        }
        if us >= 0.07 && v <= v_r {
            return k as u64;
        }
        let accept = libm::log(v * alpha / (a / (us * us) + b));
        if accept <= at_mode - log_factorials(k) + (k - mode) * libm::log(odds) {
            return k as u64;
        }
    }
}

/// Draws delays in time steps: the alias method (Vose 1991, IEEE Trans. Softw. Eng. 17:972) over
/// the steps that there are, so that the chances of each are exact to 2^-32.
#[derive(Debug, Clone)]
pub(crate) struct Delays {
    first: u32,
    limit: Vec<u32>,
    alias: Vec<u32>,
}

impl Delays {
    /// The delays that a parameter gives on a grid of `dt`.
    pub(crate) fn new(delay: &Parameter, dt: f64) -> Self {
        let (low, high) = delay_steps(delay, dt);
        let below = |x: f64| match *delay {
            Parameter::Constant(value) => f64::from(u8::from(x >= value)),
            Parameter::Drawn(Distribution::Uniform { low, high }) => {
                ((x - low) / (high - low)).clamp(0.0, 1.0)
            }
            Parameter::Drawn(Distribution::Normal { mean, sd }) => {
                normal_below((x - mean) / sd.max(f64::MIN_POSITIVE))
            }
            Parameter::Drawn(Distribution::Lognormal { mean, sd }) => {
                let variance = libm::log1p((sd / mean).powi(2));
                let centre = libm::log(mean) - 0.5 * variance;
                let width = libm::sqrt(variance).max(f64::MIN_POSITIVE);
                if x <= 0.0 { 0.0 } else { normal_below((libm::log(x) - centre) / width) }
            }
        };
        let chance = |step: u32| {
            let middle = f64::from(step) * dt;
            (below(middle + 0.5 * dt) - below(middle - 0.5 * dt)).max(0.0)
        };
        let mut share: Vec<f64> = (low..=high).map(chance).collect();
        let total: f64 = share.iter().sum();
        let n = share.len();
        if total > 0.0 {
            share.iter_mut().for_each(|share| *share *= n as f64 / total);
        } else {
            share.fill(1.0);
        }
        let mut limit = vec![u32::MAX; n];
        let mut alias: Vec<u32> = (0..n as u32).collect();
        let (mut small, mut large): (Vec<usize>, Vec<usize>) =
            (0..n).partition(|&k| share[k] < 1.0);
        while let (Some(&poor), Some(&rich)) = (small.last(), large.last()) {
            small.pop();
            limit[poor] = (share[poor] * 4_294_967_296.0) as u32;
            alias[poor] = rich as u32;
            share[rich] -= 1.0 - share[poor];
            if share[rich] < 1.0 {
                large.pop();
                small.push(rich);
            }
        }
        Self { first: low, limit, alias }
    }

    /// A delay, time steps. Takes nothing from the stream where there is only one.
    #[inline]
    pub(crate) fn draw(&self, halves: &mut Halves<'_>) -> u32 {
        if self.limit.len() == 1 {
            return self.first;
        }
        let product = u64::from(halves.bits()) * self.limit.len() as u64;
        let column = (product >> 32) as usize;
        let own = (product as u32) < self.limit[column];
        self.first + if own { column as u32 } else { self.alias[column] }
    }
}

/// The shortest and the longest delay that a parameter gives, time steps.
pub(crate) fn delay_steps(delay: &Parameter, dt: f64) -> (u32, u32) {
    let (low, high) = match *delay {
        Parameter::Drawn(Distribution::Normal { mean, sd }) => (mean - CUT * sd, mean + CUT * sd),
        // All but one of 1e9.
        Parameter::Drawn(Distribution::Lognormal { .. }) => lognormal_range(delay),
        _ => delay.bounds(),
    };
    let steps = |time: f64| (time / dt).round().clamp(1.0, 4e9) as u32;
    (steps(low), steps(high).max(steps(low)))
}

/// Between what a log-normal number lies but for one in 1e9.
fn lognormal_range(parameter: &Parameter) -> (f64, f64) {
    let Parameter::Drawn(Distribution::Lognormal { mean, sd }) = *parameter else {
        return parameter.bounds();
    };
    let variance = libm::log1p((sd / mean).powi(2));
    let (centre, width) = (libm::log(mean) - 0.5 * variance, libm::sqrt(variance));
    (libm::exp(centre - CUT * width), libm::exp(centre + CUT * width))
}

/// The probability that a standard normal number is below `x`.
fn normal_below(x: f64) -> f64 {
    0.5 * libm::erfc(-x * std::f64::consts::FRAC_1_SQRT_2)
}

/// The greatest weight that a parameter gives.
pub(crate) fn most_weight(weight: &Parameter) -> f64 {
    match *weight {
        Parameter::Drawn(Distribution::Normal { mean, sd }) => mean + CUT * sd,
        Parameter::Drawn(Distribution::Lognormal { .. }) => lognormal_range(weight).1,
        _ => weight.bounds().1,
    }
}

/// Draws weights as whole numbers of a unit.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Weights {
    parameter: Parameter,
    unit: f64,
    most: u32,
}

impl Weights {
    pub(crate) fn new(parameter: Parameter, unit: f64, most: u32) -> Self {
        Self { parameter, unit, most }
    }

    /// A weight in units. Takes nothing from the stream where all are equal.
    #[inline]
    pub(crate) fn draw(&self, stream: &mut Stream) -> u32 {
        let weight = draw_weight(&self.parameter, stream);
        ((weight / self.unit + 0.5) as u32).min(self.most)
    }
}

/// A weight of at least 0.
#[inline]
pub(crate) fn draw_weight(parameter: &Parameter, stream: &mut Stream) -> f64 {
    match *parameter {
        Parameter::Constant(value) => value,
        Parameter::Drawn(Distribution::Normal { mean, sd }) => loop {
            let z = normal(stream);
            let weight = mean + sd * z;
            if weight >= 0.0 && z.abs() <= CUT {
                return weight;
            }
        },
        Parameter::Drawn(Distribution::Lognormal { .. }) => {
            parameter.draw(stream).min(most_weight(parameter))
        }
        Parameter::Drawn(Distribution::Uniform { .. }) => parameter.draw(stream),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use equipoise_random::stream;

    #[test]
    fn normal_numbers_have_their_moments_and_tails() {
        let mut stream = stream(1, "ziggurat-test", 0);
        let n = 1_000_000;
        let mut moments = [0.0; 4];
        let mut beyond = [0u32; 3];
        for _ in 0..n {
            let x = normal(&mut stream);
            for (k, moment) in moments.iter_mut().enumerate() {
                *moment += x.powi(k as i32 + 1) / f64::from(n);
            }
            for (k, count) in beyond.iter_mut().enumerate() {
                *count += u32::from(x.abs() > k as f64 + 2.0);
            }
        }
        let [mean, square, cube, fourth] = moments;
        // Four standard deviations of each.
        assert!(mean.abs() < 0.004, "{mean}");
        assert!((square - 1.0).abs() < 0.006, "{square}");
        assert!(cube.abs() < 0.0155, "{cube}");
        assert!((fourth - 3.0).abs() < 0.04, "{fourth}");
        for (count, share) in beyond.into_iter().zip([0.045_500_26, 0.002_699_796, 6.334_248e-5]) {
            let expected = share * f64::from(n);
            let off = f64::from(count) - expected;
            assert!(off.abs() < 4.5 * expected.sqrt(), "{count} instead of {expected}");
        }
    }

    #[test]
    fn binomial_numbers_have_the_right_shape() {
        for (index, (n, p)) in
            [(7, 0.3), (40, 0.9), (400, 0.07), (1000, 0.4)].into_iter().enumerate()
        {
            let mut stream = stream(2, "binomial-test", index as u64);
            let draws = 200_000;
            let mut seen = vec![0.0; n as usize + 1];
            for _ in 0..draws {
                seen[binomial(&mut stream, n, p) as usize] += 1.0;
            }
            let log_choose = |k: f64| {
                libm::lgamma(n as f64 + 1.0)
                    - libm::lgamma(k + 1.0)
                    - libm::lgamma(n as f64 - k + 1.0)
            };
            let (mut chi2, mut bins) = (0.0, 0.0f64);
            for (k, &count) in seen.iter().enumerate() {
                let k = k as f64;
                let log = log_choose(k) + k * libm::log(p) + (n as f64 - k) * libm::log(1.0 - p);
                let expected = f64::from(draws) * libm::exp(log);
                if expected > 5.0 {
                    chi2 += (count - expected) * (count - expected) / expected;
                    bins += 1.0;
                }
            }
            assert!(chi2 < bins + 5.0 * (2.0 * bins).sqrt(), "n {n}, p {p}: {chi2} over {bins}");
        }
    }

    #[test]
    fn delays_are_rounded_cut_normal_numbers() {
        let delay = Parameter::Drawn(Distribution::Normal { mean: 0.75, sd: 0.375 });
        let delays = Delays::new(&delay, 0.1);
        let mut numbers = stream(3, "delay-test", 0);
        let mut halves = Halves::new(&mut numbers);
        let n = 400_000;
        let mut seen = [0.0f64; 64];
        for _ in 0..n {
            seen[delays.draw(&mut halves) as usize] += 1.0;
        }
        // The reference draws again below half a step, and rounds.
        let mut reference = stream(3, "delay-reference", 0);
        let mut expected = [0.0f64; 64];
        for _ in 0..n {
            let drawn = loop {
                let drawn = 0.75 + 0.375 * reference.normal();
                if drawn >= 0.05 {
                    break drawn;
                }
            };
            expected[(drawn / 0.1).round() as usize] += 1.0;
        }
        assert_eq!(seen[0], 0.0);
        for (step, (a, b)) in seen.iter().zip(expected).enumerate() {
            assert!((a - b).abs() < 5.0 * (a + b + 1.0).sqrt(), "step {step}: {a} and {b}");
        }
        let constant = Delays::new(&Parameter::Constant(1.5), 0.1);
        assert_eq!(constant.draw(&mut Halves::new(&mut numbers)), 15);
    }

    #[test]
    fn numbers_below_are_even() {
        let mut numbers = stream(4, "halves-test", 0);
        let mut halves = Halves::new(&mut numbers);
        let mut seen = [0.0; 7];
        for _ in 0..70_000 {
            seen[halves.below(7) as usize] += 1.0f64;
        }
        assert!(seen.iter().all(|count| (count - 10_000.0).abs() < 450.0), "{seen:?}");
    }
}
