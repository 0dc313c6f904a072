//! What stands for the derivative of a spike.

use equipoise_simd::{F32x16, LANES, Simd};
use serde::{Deserialize, Serialize};

/// The surrogate for ds/dv in the backward pass, a function of x = v - 1, the distance of the
/// membrane from the threshold. All are 1 at the threshold; `scale` says how fast they fall.
///
/// In TOML: `surrogate = { kind = "fast_sigmoid", scale = 100.0 }`.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Surrogate {
    /// 1 / (1 + scale |x|)², the derivative of a fast sigmoid (Zenke & Ganguli 2018, Neural
    /// Comput. 30:1514); the E:I study and SpyTorch use scale 100.
    FastSigmoid {
        /// Steepness.
        scale: f32,
    },
    /// 1 / (1 + (scale x)²), the derivative of the arc tangent (Fang et al. 2021, ICCV).
    Arctangent {
        /// Steepness.
        scale: f32,
    },
    /// max(0, 1 - scale |x|), a triangle (Bellec et al. 2018, NeurIPS).
    Triangle {
        /// Steepness.
        scale: f32,
    },
    /// 1 where |scale x| <= 1/2, else 0 (Wu et al. 2018, Front. Neurosci. 12:331).
    Rectangle {
        /// Steepness.
        scale: f32,
    },
    /// 1 / cosh²(scale x / 2), the derivative of the logistic sigmoid (Zenke & Vogels 2021,
    /// Neural Comput. 33:899).
    Sigmoid {
        /// Steepness.
        scale: f32,
    },
}

impl Default for Surrogate {
    fn default() -> Self {
        Surrogate::FastSigmoid { scale: 100.0 }
    }
}

impl Surrogate {
    /// How fast it falls.
    pub fn scale(&self) -> f32 {
        match *self {
            Surrogate::FastSigmoid { scale }
            | Surrogate::Arctangent { scale }
            | Surrogate::Triangle { scale }
            | Surrogate::Rectangle { scale }
            | Surrogate::Sigmoid { scale } => scale,
        }
    }

    /// ds/dv at `x` = v - 1.
    pub fn derivative(&self, x: f32) -> f32 {
        match *self {
            Surrogate::FastSigmoid { scale } => (1.0 + scale * x.abs()).powi(2).recip(),
            Surrogate::Arctangent { scale } => (1.0 + (scale * x).powi(2)).recip(),
            Surrogate::Triangle { scale } => (1.0 - scale * x.abs()).max(0.0),
            Surrogate::Rectangle { scale } => f32::from(scale * x.abs() <= 0.5),
            Surrogate::Sigmoid { scale } => libm::coshf(0.5 * scale * x).powi(2).recip(),
        }
    }

    /// The smooth function whose derivative [`Self::derivative`] is, with the value 1/2 at the
    /// threshold: what a spike is in a graded run.
    pub fn antiderivative(&self, x: f32) -> f32 {
        0.5 + match *self {
            Surrogate::FastSigmoid { scale } => x / (1.0 + scale * x.abs()),
            Surrogate::Arctangent { scale } => libm::atanf(scale * x) / scale,
            Surrogate::Triangle { scale } => {
                let u = (scale * x.abs()).min(1.0);
                (u - 0.5 * u * u).copysign(x) / scale
            }
            Surrogate::Rectangle { scale } => (scale * x).clamp(-0.5, 0.5) / scale,
            Surrogate::Sigmoid { scale } => 2.0 * libm::tanhf(0.5 * scale * x) / scale,
        }
    }
}

/// A surrogate whose kind is known to the compiler.
pub(super) trait Factor: Copy {
    /// ds/dv at `x` = v - 1.
    fn factor<S: Simd>(self, simd: S, x: S::F32x16) -> S::F32x16;
}

/// [`Surrogate::FastSigmoid`].
#[derive(Clone, Copy)]
pub(super) struct FastSigmoid(pub(super) f32);
/// [`Surrogate::Arctangent`].
#[derive(Clone, Copy)]
pub(super) struct Arctangent(pub(super) f32);
/// The kinds of which speed is not asked: lane by lane.
#[derive(Clone, Copy)]
pub(super) struct LaneByLane(pub(super) Surrogate);

impl Factor for FastSigmoid {
    #[inline(always)]
    fn factor<S: Simd>(self, simd: S, x: S::F32x16) -> S::F32x16 {
        let one = simd.splat(1.0);
        let r = x.abs().mul_add(simd.splat(self.0), one).reciprocal(one);
        r * r
    }
}

impl Factor for Arctangent {
    #[inline(always)]
    fn factor<S: Simd>(self, simd: S, x: S::F32x16) -> S::F32x16 {
        let one = simd.splat(1.0);
        let x = x * simd.splat(self.0);
        x.mul_add(x, one).reciprocal(one)
    }
}

impl Factor for LaneByLane {
    #[inline(always)]
    fn factor<S: Simd>(self, simd: S, x: S::F32x16) -> S::F32x16 {
        let mut lanes = [0.0; LANES];
        x.write(&mut lanes);
        for lane in &mut lanes {
            *lane = self.0.derivative(*lane);
        }
        simd.floats(&lanes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_derivative_is_that_of_the_antiderivative() {
        for kind in 0..5 {
            let s = [
                Surrogate::FastSigmoid { scale: 3.0 },
                Surrogate::Arctangent { scale: 3.0 },
                Surrogate::Triangle { scale: 3.0 },
                Surrogate::Rectangle { scale: 3.0 },
                Surrogate::Sigmoid { scale: 3.0 },
            ][kind];
            assert_eq!(s.derivative(0.0), 1.0);
            assert_eq!(s.antiderivative(0.0), 0.5);
            for k in -20..20 {
                let (x, h) = (0.05 * k as f32 + 0.011, 1e-3);
                let slope = (s.antiderivative(x + h) - s.antiderivative(x - h)) / (2.0 * h);
                assert!((slope - s.derivative(x)).abs() < 2e-3, "{s:?} at {x}: {slope}");
            }
        }
    }

    #[test]
    fn reads_as_a_table() {
        let surrogate: Surrogate =
            serde_json::from_str(r#"{"kind": "triangle", "scale": 2.0}"#).unwrap();
        assert_eq!(surrogate, Surrogate::Triangle { scale: 2.0 });
        assert!(serde_json::from_str::<Surrogate>(r#"{"kind": "triangle"}"#).is_err());
    }
}
