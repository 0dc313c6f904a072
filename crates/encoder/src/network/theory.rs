//! What theory says about the network: the mean field (Siegert 1951, Phys. Rev. 81:617; Brunel
//! 2000), and the single neuron under constant input.

use super::config::NetworkConfig;

/// The scaled complementary error function exp(x²) erfc(x), for x >= 0.
fn erfcx(x: f64) -> f64 {
    if x < 5.0 {
        return libm::exp(x * x) * libm::erfc(x);
    }
    // Laplace's continued fraction, which has converged to rounding here after 60 terms.
    let mut tail = 0.0;
    for k in (1..=60).rev() {
        tail = 0.5 * f64::from(k) / (x + tail);
    }
    1.0 / (std::f64::consts::PI.sqrt() * (x + tail))
}

/// exp(u²) (1 + erf(u)), the integrand of Siegert's formula, for every u.
fn integrand(u: f64) -> f64 {
    if u <= 0.0 { erfcx(-u) } else { libm::exp(u * u) * (1.0 + libm::erf(u)) }
}

/// The rate of a leaky integrate-and-fire neuron under white noise input (Siegert 1951), Hz.
///
/// 1 / nu = tau_ref + tau_m sqrt(pi) ∫ exp(u²) (1 + erf u) du, from (V_r - mu) / sigma to
/// (V_th - mu) / sigma. Times are in milliseconds, potentials in millivolts. `sigma` is the
/// amplitude of the noise in tau_m dV/dt = -V + mu + sigma sqrt(tau_m) xi, so that the variance
/// of the free potential is sigma² / 2. Without noise it is the rate under constant input.
pub fn siegert_rate(
    mu: f64,
    sigma: f64,
    membrane: f64,
    threshold: f64,
    reset: f64,
    refractory: f64,
) -> f64 {
    if sigma <= 0.0 {
        return constant_input_rate(mu, membrane, threshold, reset, refractory);
    }
    let (low, high) = ((reset - mu) / sigma, (threshold - mu) / sigma);
    if high > 26.0 {
        // The waiting time exceeds exp(676) membrane times.
        return 0.0;
    }
    // Gauss-Legendre with five points on intervals of at most 0.05.
    const NODES: [(f64, f64); 3] = [
        (0.0, 0.568_888_888_888_888_9),
        (0.538_469_310_105_683_1, 0.478_628_670_499_366_5),
        (0.906_179_845_938_664, 0.236_926_885_056_189_1),
    ];
    let pieces = ((high - low) / 0.05).ceil().clamp(1.0, 1e6);
    let half = 0.5 * (high - low) / pieces;
    let mut integral = 0.0;
    for k in 0..pieces as usize {
        let middle = low + (2.0 * k as f64 + 1.0) * half;
        integral += NODES[0].1 * integrand(middle);
        for &(x, weight) in &NODES[1..] {
            integral += weight * (integrand(middle + half * x) + integrand(middle - half * x));
        }
    }
    integral *= half;
    1000.0 / (refractory + membrane * std::f64::consts::PI.sqrt() * integral)
}

/// The rate of a leaky integrate-and-fire neuron under the constant input R I = `mu`, Hz:
/// 1 / (tau_ref + tau_m ln((mu - V_r) / (mu - V_th))), and 0 at or below threshold.
pub fn constant_input_rate(
    mu: f64,
    membrane: f64,
    threshold: f64,
    reset: f64,
    refractory: f64,
) -> f64 {
    if mu <= threshold {
        return 0.0;
    }
    1000.0 / (refractory + membrane * libm::log((mu - reset) / (mu - threshold)))
}

/// Mean and noise amplitude of the input at population rate `rate`, mV: Brunel's
/// mu = tau_m (J_E C_E nu + J_I C_I nu + J_ext nu_ext) and
/// sigma² = tau_m (J_E² C_E nu + J_I² C_I nu + J_ext² nu_ext), nu_ext the summed background rate.
pub fn mean_field_input(config: &NetworkConfig, rate: f64) -> (f64, f64) {
    let membrane = config.membrane.mean();
    let terms = [
        (config.weight_excitatory(), config.excitatory_connections() as f64 * rate),
        (config.weight_inhibitory(), config.inhibitory_connections() as f64 * rate),
        (config.weight_background(), config.background_rate_hz()),
    ];
    let mean: f64 = terms.iter().map(|(j, nu)| j * nu).sum();
    let variance: f64 = terms.iter().map(|(j, nu)| j * j * nu).sum();
    (config.current.mean() + membrane * mean / 1000.0, (membrane * variance / 1000.0).sqrt())
}

/// The self-consistent population rate of the mean field, Hz: the rate at which
/// [`siegert_rate`] of [`mean_field_input`] gives back the rate itself. The synapses are taken as
/// instantaneous, and distributed parameters at their means.
///
/// Where several rates are consistent, it is the lowest: the one reached from silence.
pub fn mean_field_rate(config: &NetworkConfig) -> f64 {
    let [membrane, threshold, reset, refractory] =
        [config.membrane, config.threshold, config.reset, config.refractory].map(|p| p.mean());
    let excess = |rate: f64| {
        let (mu, sigma) = mean_field_input(config, rate);
        siegert_rate(mu, sigma, membrane, threshold, reset, refractory) - rate
    };
    // A neuron fires at most once in a refractory time; without one, once in a time step.
    let most = 1000.0 / refractory.max(config.dt);
    let mut low = 0.0;
    if excess(low) <= 0.0 {
        return 0.0;
    }
    // The first change of sign on a grid that is fine for low rates.
    let steps = 2000;
    let mut high = most;
    for k in 1..=steps {
        let rate = most * (f64::from(k) / f64::from(steps)).powi(2);
        if excess(rate) <= 0.0 {
            high = rate;
            break;
        }
        low = rate;
    }
    for _ in 0..100 {
        let middle = 0.5 * (low + high);
        if excess(middle) > 0.0 {
            low = middle;
        } else {
            high = middle;
        }
    }
    0.5 * (low + high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scaled_error_function_is_scipys() {
        // scipy.special.erfcx
        for (x, expected) in [
            (0.0, 1.0),
            (0.5, 0.615_690_344_192_925_9),
            (2.0, 0.255_395_676_310_505_74),
            (4.999, 0.110_725_974_564_275_44),
            (5.0, 0.110_704_637_733_068_63),
            (50.0, 0.011_281_536_265_323_772),
        ] {
            let got = erfcx(x);
            assert!((got / expected - 1.0).abs() < 1e-12, "erfcx({x}) = {got}, not {expected}");
        }
    }

    #[test]
    fn the_mean_field_rates_are_brunels() {
        for (g, eta, expected) in [
            (5.0, 2.0, 37.95),
            (3.5, 2.0, 226.1),
            (6.0, 2.0, 22.85),
            (5.0, 1.0, 7.83),
            (5.0, 1.5, 23.64),
            (5.0, 3.0, 65.04),
            (5.0, 4.0, 90.72),
        ] {
            let rate = mean_field_rate(&NetworkConfig::brunel(12_500, g, eta));
            assert!(
                (rate / expected - 1.0).abs() < 5e-4,
                "g {g} eta {eta}: {rate}, not {expected}"
            );
        }
    }

    #[test]
    fn vanishing_noise_gives_the_constant_input_rate() {
        let exact = constant_input_rate(30.0, 20.0, 20.0, 10.0, 2.0);
        let noisy = siegert_rate(30.0, 1e-3, 20.0, 20.0, 10.0, 2.0);
        assert!((noisy / exact - 1.0).abs() < 1e-6, "{noisy} {exact}");
        assert_eq!(constant_input_rate(20.0, 20.0, 20.0, 10.0, 2.0), 0.0);
        assert_eq!(siegert_rate(0.0, 0.1, 20.0, 20.0, 10.0, 2.0), 0.0);
    }
}
