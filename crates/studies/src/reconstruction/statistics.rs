//! One regime against another, with everything else equal.

use equipoise_metrics::image::ImageQuality;
use equipoise_metrics::statistics::{Alternative, ZeroMethod, holm, paired_d, paired_t, wilcoxon};
use serde::{Deserialize, Serialize};

use super::comparison::Comparison;
use super::method::Method;

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Peak signal-to-noise ratio, dB; more is better.
    Psnr,
    /// Structural similarity; more is better.
    Ssim,
    /// Mean squared error; less is better.
    Mse,
}

impl Measure {
    /// All measures, in the order of the tables.
    pub const ALL: [Self; 3] = [Self::Psnr, Self::Ssim, Self::Mse];

    /// The measure of an image.
    pub fn of(self) -> fn(&ImageQuality) -> f64 {
        match self {
            Self::Psnr => |q| q.psnr,
            Self::Ssim => |q| q.ssim,
            Self::Mse => |q| q.mse,
        }
    }

    /// The name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Psnr => "PSNR (dB)",
            Self::Ssim => "SSIM",
            Self::Mse => "MSE",
        }
    }
}

impl Measure {
    /// The name in sentences.
    pub fn short_name(self) -> &'static str {
        match self {
            Self::Psnr => "PSNR",
            Self::Ssim => "SSIM",
            Self::Mse => "MSE",
        }
    }
}

impl Difference {
    /// Whether the reference is the better side, as far as the mean goes.
    pub fn is_better(&self) -> bool {
        (self.difference > 0.0) == (self.measure != Measure::Mse)
    }
}

/// Over what the pairs of a comparison run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pairs {
    /// Over seeds, each with a network and a decoder of its own: holds for other networks.
    Seeds,
    /// Over the test images of one network and decoder: holds for other images of that network.
    Images,
}

impl Pairs {
    /// The name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Seeds => "seeds",
            Self::Images => "images",
        }
    }
}

/// The reference regime minus another, in one measure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// Under what the two are compared: the decoder, in a study also the data and what is equal.
    pub under: String,
    /// The reference regime.
    pub reference: String,
    /// The other regime.
    pub other: String,
    /// What is compared.
    pub measure: Measure,
    /// Over what the pairs run.
    pub pairs: Pairs,
    /// How many pairs.
    pub count: usize,
    /// Mean of reference minus other.
    pub difference: f64,
    /// Its 95 % interval (t); none for fewer than two pairs or equal differences.
    pub interval: Option<(f64, f64)>,
    /// Paired t-test, two-sided.
    pub p_value: Option<f64>,
    /// The same after Holm's correction over all comparisons with the same kind of pairs.
    pub p_corrected: Option<f64>,
    /// Wilcoxon's signed-rank test, two-sided.
    pub p_wilcoxon: Option<f64>,
    /// Cohen's d of the pairs: mean over standard deviation of the differences.
    pub effect: Option<f64>,
    /// Why there is no test, where there is none.
    pub reason: Option<String>,
    /// Mean spikes per image of the reference and of the other, where they are known.
    pub spikes: Option<(f64, f64)>,
}

/// Compares paired values.
pub fn compare(
    under: &str,
    (reference, a): (&str, &[f64]),
    (other, b): (&str, &[f64]),
    measure: Measure,
    pairs: Pairs,
) -> Difference {
    let count = a.len().min(b.len());
    let mean = a.iter().zip(b).map(|(a, b)| a - b).sum::<f64>() / count.max(1) as f64;
    let test = paired_t(a, b, Alternative::TwoSided);
    let rank = wilcoxon(a, b, Alternative::TwoSided, ZeroMethod::Drop);
    Difference {
        under: under.to_string(),
        reference: reference.to_string(),
        other: other.to_string(),
        measure,
        pairs,
        count,
        difference: mean,
        interval: test.as_ref().ok().map(|t| (t.ci_low, t.ci_high)),
        p_value: test.as_ref().ok().map(|t| t.p_value),
        p_corrected: None,
        p_wilcoxon: rank.ok().map(|w| w.p_value),
        effect: paired_d(a, b, 0.95).ok().map(|d| d.estimate),
        reason: test.err().map(|e| e.to_string()),
        spikes: None,
    }
}

/// Corrects the p-values of comparisons for their number, those over seeds and those over images
/// apart (Holm 1979).
pub fn correct(differences: &mut [Difference]) {
    for pairs in [Pairs::Seeds, Pairs::Images] {
        let family: Vec<usize> = (0..differences.len())
            .filter(|&i| differences[i].pairs == pairs && differences[i].p_value.is_some())
            .collect();
        let raw: Vec<f64> = family.iter().filter_map(|&i| differences[i].p_value).collect();
        if let Ok(corrected) = holm(&raw) {
            for (&index, p) in family.iter().zip(corrected) {
                differences[index].p_corrected = Some(p);
            }
        }
    }
}

/// The reference regime against every other, with every decoder.
pub fn differences(comparison: &Comparison) -> Vec<Difference> {
    let names = comparison.names();
    let Some((&reference, others)) = names.split_first() else {
        return Vec::new();
    };
    let mut differences = Vec::new();
    for &kind in &comparison.kinds {
        let method = Method::decoder(kind);
        let a = Side { comparison, regime: reference, method };
        for &other in others {
            let b = Side { comparison, regime: other, method };
            differences.extend(against(kind.title(), a, b));
        }
    }
    correct(&mut differences);
    differences
}

/// A regime and method of a comparison.
#[derive(Debug, Clone, Copy)]
pub struct Side<'a> {
    /// The comparison.
    pub comparison: &'a Comparison,
    /// The regime.
    pub regime: &'a str,
    /// The method.
    pub method: Method,
}

impl Side<'_> {
    /// The mean of each repetition, in order.
    pub fn means(&self, of: fn(&ImageQuality) -> f64) -> Vec<f64> {
        (0..self.comparison.repeats())
            .filter_map(|r| self.comparison.score(r, Some(self.regime), self.method))
            .map(|score| score.mean(of))
            .collect()
    }

    /// Mean spikes per image over the repetitions.
    pub fn spikes(&self) -> Option<f64> {
        let of = |r| self.comparison.coded(r, self.regime).map(|c| c.spikes_per_image);
        let all: Vec<f64> = (0..self.comparison.repeats()).filter_map(of).collect();
        (!all.is_empty()).then(|| all.iter().sum::<f64>() / all.len() as f64)
    }

    /// Every image of the first repetition.
    fn images(&self, of: fn(&ImageQuality) -> f64) -> Vec<f64> {
        self.comparison
            .score(0, Some(self.regime), self.method)
            .map(|score| score.values(of))
            .unwrap_or_default()
    }
}

/// One side minus another in every measure, over seeds (where there are several) and over images.
pub fn against(under: &str, a: Side<'_>, b: Side<'_>) -> Vec<Difference> {
    let mut differences = Vec::new();
    for pairs in [Pairs::Seeds, Pairs::Images] {
        for measure in Measure::ALL {
            let values = |side: Side<'_>| match pairs {
                Pairs::Seeds => side.means(measure.of()),
                Pairs::Images => side.images(measure.of()),
            };
            let (x, y) = (values(a), values(b));
            if pairs == Pairs::Images || x.len().min(y.len()) > 1 {
                let found = compare(under, (a.regime, &x), (b.regime, &y), measure, pairs);
                let spikes = a.spikes().zip(b.spikes());
                differences.push(Difference { spikes, ..found });
            }
        }
    }
    differences
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(a: &[f64], b: &[f64], pairs: Pairs) -> Difference {
        compare("decoder", ("balanced", a), ("unbalanced", b), Measure::Psnr, pairs)
    }

    #[test]
    fn differences_agree_with_scipy() {
        // scipy.stats.ttest_rel([3.1, 2.9, 3.6, 3.3], [2.8, 2.95, 3.1, 3.0]):
        // t = 2.2958476288, p = 0.1053890246
        let d = one(&[3.1, 2.9, 3.6, 3.3], &[2.8, 2.95, 3.1, 3.0], Pairs::Seeds);
        assert!((d.difference - 0.2625).abs() < 1e-12);
        assert!((d.p_value.unwrap() - 0.105_389_024_636_879).abs() < 1e-9, "{:?}", d.p_value);
    }

    #[test]
    fn one_seed_gives_a_difference_and_no_test() {
        let d = one(&[3.0], &[2.0], Pairs::Seeds);
        assert_eq!((d.difference, d.p_value, d.interval), (1.0, None, None));
        assert!(d.reason.is_some());
    }

    #[test]
    fn seeds_and_images_are_families_of_their_own() {
        let pair =
            |shift: f64, pairs| one(&[1.0, 2.0, 3.1, 4.4], &[1.0 - shift, 1.9, 2.9, 4.4], pairs);
        let mut all =
            vec![pair(0.3, Pairs::Seeds), pair(0.2, Pairs::Seeds), pair(0.1, Pairs::Images)];
        correct(&mut all);
        assert_eq!(all[2].p_corrected, all[2].p_value);
        assert!(all[0].p_corrected > all[0].p_value);
    }
}
