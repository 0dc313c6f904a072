//! The associative task: patterns on the input neurons are to evoke images on the output neurons.

use equipoise_random::stream;
use serde::{Deserialize, Serialize};

use super::error::{check_count, check_finite, check_number, wrong};
use super::{Assessment, Network, Objective, SteadySolver, StimulationError, Transfer, linear};

/// The ten digits as images of 3 x 5 pixels, row by row; `#` is on.
pub const DIGITS: [&str; 10] = [
    "####.##.##.####", // 0
    ".#.##..#..#.###", // 1
    "###..#####..###", // 2
    "###..####..####", // 3
    "#.##.####..#..#", // 4
    "####..###..####", // 5
    "####..####.####", // 6
    "###..#..#..#..#", // 7
    "####.#####.####", // 8
    "####.####..####", // 9
];

/// Which associations are to be learnt.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AssociativeTask {
    /// Every digit has a random code on the input neurons, and its image on the output neurons.
    Digits,
    /// Two groups of input neurons, A and B: the network shows a 1 if exactly one of them is
    /// driven, and a 0 if both or neither are. No weighted sum of the inputs tells the two cases
    /// apart (exclusive or), so the network needs its recurrent synapses.
    ExclusiveOr,
}

/// The associative task.
///
/// The first `inputs` neurons are input neurons, the next 15 x `pixel_neurons` are the output
/// neurons (each pixel of the image is the mean rate of its neurons), and the rest are hidden.
/// The drive of a pattern is `drive_on` for an active and `drive_off` for an inactive input
/// neuron, and 0 for all others.
///
/// The code of a digit is a random set of `active_inputs` input neurons. Of 500 candidates the
/// one is taken that shares the fewest neurons with any code before it, so codes stay far apart
/// for as long as the input neurons suffice.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AssociativeConfig {
    /// Which task.
    pub task: AssociativeTask,
    /// The digits to learn, in this order (for the task of digits).
    pub digits: Vec<u8>,
    /// Number of input neurons.
    #[cfg_attr(feature = "schema", schemars(range(min = 2)))]
    pub inputs: usize,
    /// Number of output neurons per pixel.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    pub pixel_neurons: usize,
    /// Number of active input neurons of a code.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    pub active_inputs: usize,
    /// Drive of an active input neuron.
    pub drive_on: f64,
    /// Drive of an inactive input neuron.
    pub drive_off: f64,
    /// delta_r, the margin that is wanted between a pixel that is on and one that is off, as a
    /// share of the maximal rate.
    #[cfg_attr(feature = "schema", schemars(extend("exclusiveMinimum" = 0, "exclusiveMaximum" = 1)))]
    pub margin: f64,
    /// gamma, by which large violations weigh more.
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = 500)))]
    pub gamma: f64,
}

impl Default for AssociativeConfig {
    fn default() -> Self {
        Self {
            task: AssociativeTask::Digits,
            digits: vec![0, 1],
            inputs: 15,
            pixel_neurons: 1,
            active_inputs: 7,
            drive_on: 1.5,
            drive_off: -0.5,
            margin: 0.14,
            gamma: 10.0,
        }
    }
}

impl AssociativeConfig {
    /// Checks the numbers against the size of the network.
    ///
    /// # Errors
    /// [`StimulationError::Setting`] for the first that is out of range.
    pub fn validate(&self, neurons: usize) -> Result<(), StimulationError> {
        if let Some(digit) = self.digits.iter().find(|&&digit| digit > 9) {
            return Err(wrong("digits", digit, "they are 0 to 9"));
        }
        let mut sorted = self.digits.clone();
        sorted.sort_unstable();
        sorted.dedup();
        if self.digits.is_empty() || sorted.len() != self.digits.len() {
            let given = format!("{:?}", self.digits);
            return Err(wrong("digits", given, "at least one, each once"));
        }
        check_count("inputs", self.inputs, 2..=neurons)?;
        let most = (neurons - self.inputs) / 15;
        if !(1..=most).contains(&self.pixel_neurons) {
            let wanted = format!(
                "it is at least 1, and {} inputs and 15 pixels fit {neurons} neurons",
                self.inputs
            );
            return Err(wrong("pixel_neurons", self.pixel_neurons, wanted));
        }
        check_count("active_inputs", self.active_inputs, 1..=self.inputs)?;
        check_finite("drive_on", self.drive_on)?;
        check_finite("drive_off", self.drive_off)?;
        let is_margin = self.margin > 0.0 && self.margin < 1.0;
        check_number("margin", self.margin, is_margin, "it lies between 0 and 1")?;
        let is_gamma = self.gamma >= 0.0 && self.gamma <= 500.0;
        check_number("gamma", self.gamma, is_gamma, "it lies in [0, 500]")
    }

    /// The task for a network, with codes from `seed`.
    ///
    /// # Errors
    /// Those of [`AssociativeConfig::validate`].
    pub fn build(
        &self,
        network: &Network,
        transfer: &Transfer,
        seed: u64,
    ) -> Result<Associative, StimulationError> {
        let n = network.neurons();
        self.validate(n)?;
        let drive = |active: &[usize]| {
            let mut drive = vec![0.0; n];
            drive[..self.inputs].fill(self.drive_off);
            active.iter().for_each(|&i| drive[i] = self.drive_on);
            drive
        };
        let image = |digit: u8| DIGITS[digit as usize].bytes().map(|b| b == b'#').collect();
        let patterns = match self.task {
            AssociativeTask::Digits => {
                let codes = self.codes(seed);
                let pattern = |(&d, code): (&u8, Vec<usize>)| Pattern {
                    label: d.to_string(),
                    drive: drive(&code),
                    image: image(d),
                    code,
                };
                self.digits.iter().zip(codes).map(pattern).collect()
            }
            AssociativeTask::ExclusiveOr => {
                let half = self.inputs / 2;
                let group = |present: bool, from| if present { from..from + half } else { 0..0 };
                [(false, false), (true, false), (false, true), (true, true)]
                    .map(|(a, b)| {
                        let code: Vec<usize> = group(a, 0).chain(group(b, half)).collect();
                        let label = match (a, b) {
                            (false, false) => "neither",
                            (true, false) => "A",
                            (false, true) => "B",
                            (true, true) => "A and B",
                        };
                        let image = image(u8::from(a != b));
                        Pattern { label: label.into(), drive: drive(&code), image, code }
                    })
                    .into()
            }
        };
        Ok(Associative {
            n,
            first_output: self.inputs,
            pixel_neurons: self.pixel_neurons,
            patterns,
            margin: self.margin * transfer.max_rate,
            gamma: self.gamma,
        })
    }

    fn codes(&self, seed: u64) -> Vec<Vec<usize>> {
        let mut codes: Vec<Vec<usize>> = Vec::new();
        for digit in 0..self.digits.len() {
            let mut draws = stream(seed, "stimulation/codes", digit as u64);
            let overlap = |code: &[usize]| {
                let shared = |other: &Vec<usize>| code.iter().filter(|i| other.contains(i)).count();
                let all: Vec<usize> = codes.iter().map(shared).collect();
                (all.iter().copied().max().unwrap_or(0), all.iter().sum::<usize>())
            };
            let best = (0..500)
                .map(|_| draws.choose(self.inputs, self.active_inputs))
                .min_by_key(|code| overlap(code))
                .expect("there are 500 candidates");
            codes.push(best);
        }
        codes
    }
}

/// One association.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pattern {
    /// What it is called: the digit, or the groups that are driven.
    pub label: String,
    /// The active input neurons.
    pub code: Vec<usize>,
    /// The drive of all neurons.
    pub drive: Vec<f64>,
    /// The image, 15 pixels row by row.
    pub image: Vec<bool>,
}

/// The associative task, built for a network.
///
/// Its cost is the mean of `D exp(gamma D)` over all pairs of a pixel that should be off and one
/// that should be on, in all patterns, with `V = ReLU(r_off - r_on + delta_r)`, `D = V^2`.
#[derive(Debug, Clone, PartialEq)]
pub struct Associative {
    n: usize,
    first_output: usize,
    pixel_neurons: usize,
    patterns: Vec<Pattern>,
    margin: f64,
    gamma: f64,
}

impl Associative {
    /// The associations.
    pub fn patterns(&self) -> &[Pattern] {
        &self.patterns
    }

    /// The margin that is wanted, in units of rate.
    pub fn wanted_margin(&self) -> f64 {
        self.margin
    }

    /// The 15 pixels of the image that these rates show: the mean rates of their neurons.
    pub fn image(&self, rates: &[f64]) -> Vec<f64> {
        rates[self.first_output..self.first_output + 15 * self.pixel_neurons]
            .chunks_exact(self.pixel_neurons)
            .map(|pixel| pixel.iter().sum::<f64>() / self.pixel_neurons as f64)
            .collect()
    }

    /// The margin of one pattern's image: its lowest pixel that should be on minus its highest
    /// that should be off.
    fn margin_of(&self, pattern: &Pattern, image: &[f64]) -> f64 {
        let (mut on, mut off) = (f64::INFINITY, f64::NEG_INFINITY);
        for (&r, &target) in image.iter().zip(&pattern.image) {
            if target { on = on.min(r) } else { off = off.max(r) }
        }
        on - off
    }

    /// The images that a network shows for all patterns, from silence, with their margins.
    ///
    /// # Errors
    /// Those of [`SteadySolver::settle`].
    pub fn images(
        &self,
        transfer: &Transfer,
        weights: &[f64],
    ) -> Result<Vec<(Vec<f64>, f64)>, StimulationError> {
        let mut solver = SteadySolver::new(self.n);
        let show = |pattern: &Pattern| {
            solver.settle(transfer, weights, &pattern.drive)?;
            let image = self.image(solver.rates());
            let margin = self.margin_of(pattern, &image);
            Ok((image, margin))
        };
        self.patterns.iter().map(show).collect()
    }

    /// The cost of one pattern's image (a sum over pairs) and its derivative by the pixels.
    fn violation(&self, pattern: &Pattern, image: &[f64; 15], slope: &mut [f64; 15]) -> f64 {
        let mut cost = 0.0;
        slope.fill(0.0);
        for (on, &r_on) in image.iter().enumerate().filter(|(p, _)| pattern.image[*p]) {
            for (off, &r_off) in image.iter().enumerate().filter(|(p, _)| !pattern.image[*p]) {
                let v = r_off - r_on + self.margin;
                if v > 0.0 {
                    let d = v * v;
                    let e = libm::exp(self.gamma * d);
                    cost += d * e;
                    let change = (1.0 + self.gamma * d) * e * 2.0 * v;
                    slope[off] += change;
                    slope[on] -= change;
                }
            }
        }
        cost
    }

    fn pairs(&self) -> f64 {
        let pairs = |p: &Pattern| {
            let on = p.image.iter().filter(|&&x| x).count();
            on * (p.image.len() - on)
        };
        self.patterns.iter().map(pairs).sum::<usize>() as f64
    }
}

impl Objective for Associative {
    fn states(&self) -> usize {
        self.patterns.len()
    }

    fn evaluate(
        &self,
        transfer: &Transfer,
        weights: &[f64],
        solvers: &mut [SteadySolver],
        mut gradient: Option<&mut [f64]>,
    ) -> Result<f64, StimulationError> {
        let scale = 1.0 / self.pairs();
        let mut cost = 0.0;
        let mut image = [0.0; 15];
        let mut slope = [0.0; 15];
        if let Some(gradient) = gradient.as_deref_mut() {
            gradient.fill(0.0);
        }
        for (pattern, solver) in self.patterns.iter().zip(solvers) {
            solver.solve(transfer, weights, &pattern.drive)?;
            let outputs = &solver.rates()[self.first_output..];
            for (pixel, r) in image.iter_mut().zip(outputs.chunks_exact(self.pixel_neurons)) {
                *pixel = r.iter().sum::<f64>() / self.pixel_neurons as f64;
            }
            cost += scale * self.violation(pattern, &image, &mut slope);
            let Some(gradient) = gradient.as_deref_mut() else { continue };
            // dU/dJ_ij = [D (I - J^T D)^-1 dU/dr]_i r_j.
            solver.with_adjoint(weights, |adjoint| {
                adjoint.fill(0.0);
                let outputs = &mut adjoint[self.first_output..];
                for (a, s) in outputs.chunks_exact_mut(self.pixel_neurons).zip(&slope) {
                    a.fill(scale * s / self.pixel_neurons as f64);
                }
            });
            for (column, &r) in gradient.chunks_exact_mut(self.n).zip(solver.rates()) {
                linear::axpy(r, solver.adjoint(), column);
            }
        }
        Ok(cost)
    }

    fn assess(&self, transfer: &Transfer, weights: &[f64]) -> Result<Assessment, StimulationError> {
        let scale = 1.0 / self.pairs();
        let mut assessment = Assessment {
            cost: 0.0,
            margin: None,
            solved: false,
            finished: false,
            states: Vec::with_capacity(self.patterns.len()),
            saturated_share: 0.0,
            active_share: 1.0,
        };
        let mut worst = f64::INFINITY;
        let mut solver = SteadySolver::new(self.n);
        for pattern in &self.patterns {
            solver.reset();
            solver.solve(transfer, weights, &pattern.drive)?;
            assessment.count(solver.rates(), transfer.max_rate);
            assessment.states.push(solver.summary(weights)?);
            let pixels = self.image(solver.rates());
            let mut image = [0.0; 15];
            image.copy_from_slice(&pixels);
            assessment.cost += scale * self.violation(pattern, &image, &mut [0.0; 15]);
            worst = worst.min(self.margin_of(pattern, &pixels));
        }
        assessment.margin = Some(worst);
        assessment.solved = worst > 0.0;
        assessment.finished = worst >= self.margin;
        Ok(assessment)
    }
}

impl Assessment {
    /// Takes the rates of one state into the shares of saturated and active neurons.
    pub(super) fn count(&mut self, rates: &[f64], ceiling: f64) {
        let share = |f: &dyn Fn(f64) -> bool| {
            rates.iter().filter(|&&r| f(r)).count() as f64 / rates.len() as f64
        };
        self.saturated_share = self.saturated_share.max(share(&|r| r > 0.99 * ceiling));
        self.active_share = self.active_share.min(share(&|r| r > 0.01 * ceiling));
    }
}

#[cfg(test)]
mod tests {
    use super::super::NetworkConfig;
    use super::*;

    #[test]
    fn the_digits_are_images() {
        for (d, image) in DIGITS.iter().enumerate() {
            assert_eq!(image.len(), 15);
            assert!(DIGITS[..d].iter().all(|other| other != image));
        }
    }

    #[test]
    fn codes_are_far_apart() {
        let config = AssociativeConfig { digits: vec![0, 1, 2], ..Default::default() };
        let codes = config.codes(4);
        for (a, code) in codes.iter().enumerate() {
            assert_eq!(code.len(), 7);
            for other in &codes[..a] {
                // Two sets of 7 of 15 share 3.3 on average; three of them cannot all be disjoint.
                assert!(code.iter().filter(|i| other.contains(i)).count() <= 3);
            }
        }
    }

    #[test]
    fn gradient_of_the_cost_agrees_with_differences() {
        let network = NetworkConfig::default().build(1).unwrap();
        let transfer = Transfer::default();
        // A margin that no pair has keeps the differences off the corner of the ReLU.
        let smooth = AssociativeConfig { margin: 0.9, gamma: 1.0, ..Default::default() };
        for config in [
            AssociativeConfig { digits: vec![3, 8, 1], ..smooth.clone() },
            AssociativeConfig { task: AssociativeTask::ExclusiveOr, ..smooth },
        ] {
            let task = config.build(&network, &transfer, 1).unwrap();
            let mut solvers = vec![SteadySolver::new(30); task.states()];
            let mut gradient = vec![1.0; 900];
            let mut weights = network.weights().to_vec();
            task.evaluate(&transfer, &weights, &mut solvers, Some(&mut gradient)).unwrap();
            let scale = linear::max_abs(&gradient).max(1.0);
            for at in (0..900).step_by(37) {
                let original = weights[at];
                let mut difference = |h: f64| {
                    weights[at] = original + h;
                    let up = task.evaluate(&transfer, &weights, &mut solvers, None).unwrap();
                    weights[at] = original - h;
                    let down = task.evaluate(&transfer, &weights, &mut solvers, None).unwrap();
                    weights[at] = original;
                    (up - down) / (2.0 * h)
                };
                // Richardson's extrapolation of two central differences, for an error of h^4.
                let fine = (4.0 * difference(1e-4) - difference(2e-4)) / 3.0;
                assert!((gradient[at] - fine).abs() < 1e-8 * scale, "{} {fine}", gradient[at]);
            }
        }
    }

    #[test]
    fn wrong_tasks_are_refused() {
        let good = AssociativeConfig::default();
        good.validate(30).unwrap();
        for bad in [
            AssociativeConfig { digits: vec![], ..good.clone() },
            AssociativeConfig { digits: vec![1, 1], ..good.clone() },
            AssociativeConfig { digits: vec![10], ..good.clone() },
            AssociativeConfig { inputs: 16, ..good.clone() },
            AssociativeConfig { active_inputs: 0, ..good.clone() },
            AssociativeConfig { margin: 0.0, ..good.clone() },
            AssociativeConfig { gamma: f64::NAN, ..good.clone() },
        ] {
            assert!(bad.validate(30).is_err());
        }
    }
}
