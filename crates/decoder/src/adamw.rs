//! AdamW (Kingma & Ba 2015, ICLR; Loshchilov & Hutter 2019, ICLR), the optimiser of every training
//! of this crate, on plain slices.
//!
//! For a parameter w with the gradient g in update t, counted from 1, and means m and v that start
//! at 0:
//!
//! ```text
//! m <- m + (1 - β1) (g - m)              v <- v + (1 - β2) (g² - v)
//! w <- w - η (m̂ / (√v̂ + ε) + λ w)        m̂ = m / (1 - β1ᵗ),  v̂ = v / (1 - β2ᵗ)
//! ```
//!
//! | symbol | field | default | meaning |
//! |---|---|---|---|
//! | η | `learning_rate` | | length of a step |
//! | λ | `weight_decay` | | decoupled weight decay; 0 is Adam |
//! | β1 | `beta_1` | 0.9 | decay of the mean of the gradients |
//! | β2 | `beta_2` | 0.999 | decay of the mean of their squares |
//! | ε | `epsilon` | 1e-8 | added to the root of the mean square |
//!
//! The equations can be rounded in more than one order, and a training is chaotic enough to show
//! which was taken: see [`Rounding`].
//!
//! ```
//! use equipoise_decoder::adamw::{AdamW, Rounding};
//!
//! // The minimum of (w - 3)² / 2.
//! let (mut w, mut mean, mut square) = ([0.0f32], [0.0], [0.0]);
//! for t in 1..=400 {
//!     let gradient = [w[0] - 3.0];
//!     let update = AdamW::new(0.05, 0.0).update(t, Rounding::Textbook);
//!     update.apply(&mut w, &gradient, &mut mean, &mut square);
//! }
//! assert!((w[0] - 3.0).abs() < 1e-2);
//! ```
//!
//! Not made for tensors on other devices than the processor, nor for other optimisers: Burn has
//! those, and takes a dozen passes over the numbers where this takes one.

/// The settings of AdamW.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdamW {
    /// Length of a step, η.
    pub learning_rate: f64,
    /// Decoupled weight decay, λ.
    pub weight_decay: f64,
    /// Decay of the mean of the gradients, β1.
    pub beta_1: f64,
    /// Decay of the mean of their squares, β2.
    pub beta_2: f64,
    /// Added to the root of the mean square, ε.
    pub epsilon: f64,
}

/// The order in which the equations are rounded to 32 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rounding {
    /// As the equations stand, one parameter after the other, as PyTorch and Burn do. Classifiers
    /// are trained so.
    Textbook,
    /// The corrections of the two means and the learning rate multiplied first, once for all
    /// parameters, which saves divisions. Reconstructors are trained so.
    Folded,
}

/// What one update needs, rounded to 32 bits.
#[derive(Debug, Clone, Copy)]
pub struct Update {
    rounding: Rounding,
    rate: f32,
    decay: f32,
    beta_1: f32,
    beta_2: f32,
    /// 1 - β, from 64 bits: 1 - 0.999 in 32 has only five digits.
    complement_1: f32,
    complement_2: f32,
    /// 1 - βᵗ.
    correct_1: f32,
    correct_2: f32,
    /// 1 / (1 - β2ᵗ).
    square_scale: f32,
    epsilon: f32,
}

impl AdamW {
    /// With the authors' β1, β2 and ε.
    pub const fn new(learning_rate: f64, weight_decay: f64) -> AdamW {
        AdamW { learning_rate, weight_decay, beta_1: 0.9, beta_2: 0.999, epsilon: 1e-8 }
    }

    /// Update number `t`, from 1.
    pub fn update(&self, t: u64, rounding: Rounding) -> Update {
        let power = i32::try_from(t).unwrap_or(i32::MAX);
        let correct_1 = 1.0 - self.beta_1.powi(power);
        let correct_2 = 1.0 - self.beta_2.powi(power);
        let (rate, decay) = match rounding {
            Rounding::Textbook => (self.learning_rate, self.weight_decay),
            Rounding::Folded => {
                (self.learning_rate / correct_1, self.learning_rate * self.weight_decay)
            }
        };
        Update {
            rounding,
            rate: rate as f32,
            decay: decay as f32,
            beta_1: self.beta_1 as f32,
            beta_2: self.beta_2 as f32,
            complement_1: (1.0 - self.beta_1) as f32,
            complement_2: (1.0 - self.beta_2) as f32,
            correct_1: correct_1 as f32,
            correct_2: correct_2 as f32,
            square_scale: (1.0 / correct_2) as f32,
            epsilon: self.epsilon as f32,
        }
    }
}

impl Update {
    /// The same update without weight decay, for biases.
    #[must_use]
    pub fn without_decay(self) -> Update {
        Update { decay: 0.0, ..self }
    }

    /// Updates parameters and both means, as far as all four slices go.
    #[inline]
    pub fn apply(
        &self,
        parameters: &mut [f32],
        gradients: &[f32],
        means: &mut [f32],
        squares: &mut [f32],
    ) {
        let u = *self;
        let means = means.iter_mut().zip(squares);
        let all = parameters.iter_mut().zip(gradients).zip(means);
        match u.rounding {
            Rounding::Textbook => all.for_each(|((w, &g), (m, v))| {
                *m = u.beta_1 * *m + u.complement_1 * g;
                *v = u.beta_2 * *v + u.complement_2 * (g * g);
                let step = (*m / u.correct_1) / ((*v / u.correct_2).sqrt() + u.epsilon);
                *w -= u.rate * (step + u.decay * *w);
            }),
            Rounding::Folded => all.for_each(|((w, &g), (m, v))| {
                *m += u.complement_1 * (g - *m);
                *v += u.complement_2 * (g * g - *v);
                let scale = (*v * u.square_scale).sqrt() + u.epsilon;
                *w -= u.rate * *m / scale + u.decay * *w;
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use equipoise_random::stream;

    const ROUNDINGS: [Rounding; 2] = [Rounding::Textbook, Rounding::Folded];

    /// Three steps of torch.optim.AdamW(lr=0.1, weight_decay=0.01 on `w` only) on
    /// sum(w²) + sum((b - 1)³), from `scripts/reference/adamw.py`.
    #[test]
    fn agrees_with_pytorch() {
        const WANT_W: [f32; 4] = [0.698_911_25, -1.694_944_6, 0.203_712_4, 2.691_703_6];
        const WANT_B: [f32; 2] = [-0.300_214_7, 1.704_153_8];
        for rounding in ROUNDINGS {
            let (mut w, mut b) = ([1.0, -2.0, 0.5, 3.0], [0.0f32, 2.0]);
            let (mut wm, mut wv, mut bm, mut bv) = ([0.0; 4], [0.0; 4], [0.0; 2], [0.0; 2]);
            for t in 1..=3 {
                let update = AdamW::new(0.1, 0.01).update(t, rounding);
                let (dw, db) = (w.map(|w| 2.0 * w), b.map(|b| 3.0 * (b - 1.0) * (b - 1.0)));
                update.apply(&mut w, &dw, &mut wm, &mut wv);
                update.without_decay().apply(&mut b, &db, &mut bm, &mut bv);
            }
            for (got, want) in w.iter().chain(&b).zip(WANT_W.iter().chain(&WANT_B)) {
                assert!((got - want).abs() < 2e-6, "{rounding:?}: {got} {want}");
            }
        }
    }

    /// The equations in 64 bits, over gradients of all sizes and exact zeros.
    #[test]
    fn follows_the_equations() {
        let n = 200;
        let adam = AdamW { beta_1: 0.8, ..AdamW::new(1e-2, 0.1) };
        for rounding in ROUNDINGS {
            let mut s = stream(1, "test/adamw", 0);
            let mut w: Vec<f32> = (0..n).map(|_| s.normal() as f32).collect();
            let mut exact: Vec<[f64; 3]> = w.iter().map(|&w| [f64::from(w), 0.0, 0.0]).collect();
            let (mut mean, mut square) = (vec![0.0; n], vec![0.0; n]);
            for t in 1..=20 {
                let g: Vec<f32> = (0..n)
                    .map(|_| match s.below(5) {
                        0 => 0.0,
                        _ => (s.normal() * libm::pow(10.0, s.range(-6.0, 0.0))) as f32,
                    })
                    .collect();
                adam.update(t, rounding).apply(&mut w, &g, &mut mean, &mut square);
                for ([w, m, v], &g) in exact.iter_mut().zip(&g) {
                    let g = f64::from(g);
                    *m += (1.0 - adam.beta_1) * (g - *m);
                    *v += (1.0 - adam.beta_2) * (g * g - *v);
                    let m_hat = *m / (1.0 - adam.beta_1.powi(t as i32));
                    let v_hat = *v / (1.0 - adam.beta_2.powi(t as i32));
                    let step = m_hat / (v_hat.sqrt() + adam.epsilon) + adam.weight_decay * *w;
                    *w -= adam.learning_rate * step;
                }
            }
            for (got, [want, ..]) in w.iter().zip(&exact) {
                assert!((f64::from(*got) - want).abs() < 4e-6, "{rounding:?}: {got} {want}");
            }
        }
    }

    #[test]
    fn the_decay_is_a_share_of_the_parameter_and_can_be_left_out() {
        for rounding in ROUNDINGS {
            let (mut w, mut m, mut v) = ([2.0f32], [0.0], [0.0]);
            let update = AdamW::new(0.1, 0.5).update(1, rounding);
            update.apply(&mut w, &[0.0], &mut m, &mut v);
            assert!((w[0] - 2.0 * (1.0 - 0.05)).abs() < 1e-6);
            update.without_decay().apply(&mut w, &[0.0], &mut m, &mut v);
            assert!((w[0] - 1.9).abs() < 1e-6);
        }
    }
}
