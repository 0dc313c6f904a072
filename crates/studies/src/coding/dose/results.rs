//! What the study of dose and response finds.

use equipoise_metrics::statistics::{MixedLine, linear_regression, mixed_line};
use serde::{Deserialize, Serialize};

use super::super::matching::Matched;
use super::super::state::Measured;
use super::super::statistics::CONFIDENCE;
use super::settings::{Along, DoseSettings};

/// What is read from the spikes of some time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Response {
    /// The time, ms.
    pub ms: f64,
    /// Spikes of an image that are read, in the mean.
    pub spikes: f64,
    /// Share of the test images whose class is found.
    pub accuracy: f64,
    /// Mean PSNR of the reconstructions, dB.
    pub psnr_db: f64,
    /// Their mean SSIM.
    pub ssim: f64,
}

/// One network in one repetition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DoseCell {
    /// The line, from 0.
    pub line: usize,
    /// What changes along it.
    pub along: Along,
    /// Its value.
    pub value: f64,
    /// Its name.
    pub name: String,
    /// The repetition, from 0.
    pub repeat: usize,
    /// The network as it was brought to its targets.
    pub matched: Matched,
    /// Its state while it sees images.
    pub state: Measured,
    /// Accuracy from all spikes since the image came on: time, ms, and share.
    pub since_onset: Vec<(f64, f64)>,
    /// When the accuracy that the settings name is reached, ms; the first time if it is there at
    /// once.
    pub reached_ms: Option<f64>,
    /// At equal time: all of an image.
    pub equal_time: Response,
    /// At equal numbers of spikes.
    pub equal_spikes: Response,
    /// As at equal time, from the same counts with each neuron's recordings of an image shuffled.
    pub shuffled: Option<Response>,
    /// Linear Fisher information of a change of the whole way to another image, the mean over pairs.
    pub information: f64,
    /// The same of shuffled trials.
    pub information_shuffled: f64,
}

/// What the study finds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DoseResults {
    /// What was asked.
    pub settings: DoseSettings,
    /// Name of the data.
    pub dataset: String,
    /// Images to train on, to validate on and to score on.
    pub images: [usize; 3],
    /// Every network in every repetition.
    pub cells: Vec<DoseCell>,
}

/// What is measured of a network against its balance.
pub type Number = fn(&DoseCell) -> Option<f64>;

/// The doses: what each is called, and its number.
pub const DOSES: [(&str, Number); 2] = [
    ("CV of intervals", |c| c.state.cv),
    ("inhibition over excitation", |c| Some(c.state.cancelled)),
];

/// The responses: what each is called, its scale, and its number.
pub const RESPONSES: [(&str, f64, Number); 8] = [
    ("accuracy at equal time, points", 100.0, |c| Some(c.equal_time.accuracy)),
    ("accuracy at equal spikes, points", 100.0, |c| Some(c.equal_spikes.accuracy)),
    ("PSNR at equal time, dB", 1.0, |c| Some(c.equal_time.psnr_db)),
    ("PSNR at equal spikes, dB", 1.0, |c| Some(c.equal_spikes.psnr_db)),
    ("SSIM at equal time", 1.0, |c| Some(c.equal_time.ssim)),
    ("logarithm of the time to read", 1.0, |c| Some(libm::log(c.reached_ms?))),
    ("linear Fisher information", 1.0, |c| Some(c.information)),
    // A difference: the ratio of two estimates that may be near 0 has no mean.
    ("information taken by correlations", 1.0, |c| Some(c.information_shuffled - c.information)),
];

/// Networks over which a slope is tested at least: fewer say nothing of others.
pub const FEWEST_NETWORKS: usize = 5;

impl DoseResults {
    /// The cells of a line.
    pub fn of_line(&self, line: usize) -> impl Iterator<Item = &DoseCell> {
        self.cells.iter().filter(move |cell| cell.line == line)
    }

    /// The values of a line, in their order.
    pub fn values(&self, line: usize) -> Vec<f64> {
        self.settings.lines.get(line).map_or_else(Vec::new, |l| l.values.clone())
    }

    /// A number of each repetition of a network.
    pub fn numbers(&self, line: usize, value: f64, of: Number) -> Vec<f64> {
        self.of_line(line).filter(|c| c.value == value).filter_map(of).collect()
    }

    /// The slope of a response over a dose in each repetition, by least squares over the networks of
    /// one line, or of all. A repetition is what is drawn anew, so slopes of repetitions are what a
    /// test may count (the summary-statistics form of a mixed model with random slopes).
    pub fn slopes(&self, line: Option<usize>, dose: Number, response: Number) -> Vec<f64> {
        let of = |repeat: usize| -> Option<f64> {
            let cells = self.cells.iter().filter(|c| c.repeat == repeat);
            let pairs = cells
                .filter(|c| line.is_none_or(|line| c.line == line))
                .filter_map(|c| Some((dose(c)?, response(c)?)));
            let (x, y): (Vec<f64>, Vec<f64>) = pairs.unzip();
            let fitted = linear_regression(&x, &y);
            fitted.ok().map(|line| line.slope)
        };
        (0..self.settings.repeats).filter_map(of).collect()
    }

    /// The slope of a response over a dose with networks drawn at random as well as repetitions: what a
    /// sample of networks says of others. A mixed model whose random intercept is the network; the
    /// dose of a network is its mean over repetitions, so that what differs between repetitions of a
    /// network alone, noise of the measurement of both, has no say. Of one line, or of all; none for
    /// fewer than [`FEWEST_NETWORKS`] or for one repetition.
    pub fn over_networks(
        &self,
        line: Option<usize>,
        dose: Number,
        response: Number,
    ) -> Option<NetworkSlope> {
        // Of each network its dose, and its responses.
        let mut networks: Vec<(f64, Vec<f64>)> = Vec::new();
        for (index, line_of) in self.settings.lines.iter().enumerate() {
            if line.is_some_and(|line| line != index) {
                continue;
            }
            for &value in &line_of.values {
                let responses = self.numbers(index, value, response);
                let dose = mean(&self.numbers(index, value, dose));
                networks.extend(dose.filter(|_| !responses.is_empty()).zip(Some(responses)));
            }
        }
        if networks.len() < FEWEST_NETWORKS {
            return None;
        }
        let all = networks.iter().enumerate();
        let all = all.flat_map(|(network, (x, y))| y.iter().map(move |&y| (network, *x, y)));
        let (groups, pairs): (Vec<usize>, Vec<(f64, f64)>) =
            all.map(|(network, x, y)| (network, (x, y))).unzip();
        let (x, y): (Vec<f64>, Vec<f64>) = pairs.into_iter().unzip();
        let model = mixed_line(&x, &y, &groups, CONFIDENCE).ok()?;
        let means: Vec<f64> = networks.iter().filter_map(|(_, y)| mean(y)).collect();
        let doses: Vec<f64> = networks.iter().map(|(x, _)| *x).collect();
        let r_squared = linear_regression(&doses, &means).ok()?.r_squared?;
        Some(NetworkSlope { model, r_squared })
    }
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// A straight line over networks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NetworkSlope {
    /// The mixed model; its groups are the networks.
    pub model: MixedLine,
    /// Share of the variance of the networks' means that a line explains.
    pub r_squared: f64,
}
