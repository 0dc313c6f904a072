//! The project's glossary: the words of the reports, in plain English.

/// A word of the glossary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Term {
    /// The word as it is listed.
    pub name: &'static str,
    /// Other forms of it, such as its plural or its abbreviation.
    pub forms: &'static [&'static str],
    /// What it means.
    pub meaning: &'static str,
}

const fn term(name: &'static str, forms: &'static [&'static str], meaning: &'static str) -> Term {
    Term { name, forms, meaning }
}

/// All words, in alphabetical order.
pub const GLOSSARY: &[Term] = &[
    term("accuracy", &[], "Share of the samples that a classifier names correctly."),
    term(
        "asynchronous irregular",
        &["asynchronous and irregular"],
        "The state of a network whose neurons fire at irregular times and not together, as cortex does; a balanced network gets there by itself.",
    ),
    term(
        "balanced",
        &["balance", "balanced network"],
        "Said of a network in which inhibition cancels most of the excitation that a neuron receives, so that it fires from fluctuations and not from the mean input.",
    ),
    term(
        "bootstrap",
        &[],
        "A way to an interval: the values are drawn again from themselves many times, and the spread of the result is that of the statistic.",
    ),
    term("chance", &["chance level"], "What is reached by guessing."),
    term(
        "Cohen's d",
        &["Cohen’s d"],
        "An effect size: the difference of two means in standard deviations. 0.2 is called small, 0.5 medium, 0.8 large.",
    ),
    term(
        "confidence interval",
        &["95 % interval", "95 % t interval", "confidence intervals"],
        "A range made so that, over many repetitions of the whole study, 95 of 100 such ranges hold the true value.",
    ),
    term("confusion matrix", &[], "How many samples of each class were taken for each class."),
    term(
        "CV",
        &["coefficient of variation"],
        "Standard deviation over mean. Of the intervals between the spikes of a neuron it is 0 for a clock and 1 for a Poisson process.",
    ),
    term("decoder", &["decoders"], "What turns spike counts back into an image or a class."),
    term(
        "E:I ratio",
        &["E:I ratios", "E:I"],
        "How many neurons are excitatory and how many inhibitory, as in 80:20.",
    ),
    term(
        "effect size",
        &["effect sizes"],
        "How large a difference is, in standard deviations, whatever the number of values.",
    ),
    term("encoder", &["encoders"], "The spiking network that turns an image into spikes."),
    term("epoch", &["epochs"], "One pass of a training through all training samples."),
    term(
        "excitatory",
        &["excitation"],
        "Said of a neuron whose spikes bring others closer to firing.",
    ),
    term(
        "Fano factor",
        &["Fano factors"],
        "Variance over mean of spike counts: 0 for a clock, 1 for a Poisson process.",
    ),
    term("firing rate", &["firing rates"], "Spikes of a neuron per second, in Hz."),
    term(
        "Hebbian",
        &["Hebbian learning", "Hebbian plasticity"],
        "Said of learning that strengthens a synapse when the neurons on both its sides are active together.",
    ),
    term("Hedges' g", &["Hedges’ g"], "Cohen's d without its bias in small groups."),
    term(
        "Holm's correction",
        &["Holm", "Holm-corrected", "corrected p"],
        "Makes p-values larger where many tests are made, so that one false finding among all of them stays rare.",
    ),
    term("in-degree", &["in-degrees"], "How many neurons a neuron receives from."),
    term("inhibitory", &["inhibition"], "Said of a neuron whose spikes keep others from firing."),
    term(
        "ISI",
        &["ISIs", "inter-spike interval", "inter-spike intervals"],
        "Inter-spike interval: the time between two successive spikes of a neuron.",
    ),
    term(
        "Kruskal-Wallis test",
        &["Kruskal-Wallis", "Kruskal–Wallis"],
        "Whether any of several groups tends to larger values than the others, by ranks.",
    ),
    term(
        "latency code",
        &["latency coding"],
        "An input code in which a brighter pixel fires earlier.",
    ),
    term(
        "learning rate",
        &["learning rates"],
        "How far a training moves the weights in each step.",
    ),
    term(
        "LIF",
        &["leaky integrate-and-fire"],
        "Leaky integrate-and-fire: a model neuron whose membrane potential sums its input, leaks, and is reset when it fires.",
    ),
    term(
        "loss",
        &["losses"],
        "The number that a training makes small; the lower, the better the fit.",
    ),
    term(
        "mean image",
        &[],
        "The average of all training images, given as the answer to every test image: what is reached without any spikes.",
    ),
    term(
        "membrane potential",
        &["membrane potentials"],
        "The voltage of a neuron, which its input raises or lowers.",
    ),
    term(
        "MLP",
        &[],
        "Multilayer perceptron: a network of layers in which every unit receives from all of the layer before.",
    ),
    term(
        "MSE",
        &["mean squared error"],
        "Mean of the squared differences of the pixels of two images; 0 for equal images.",
    ),
    term(
        "paired t-test",
        &["paired t"],
        "Whether the mean of the differences of pairs (of the same image, or the same seed) is 0.",
    ),
    term(
        "Poisson process",
        &["Poisson"],
        "Events at random times with a given rate, each independent of the others.",
    ),
    term(
        "PSNR",
        &["peak signal-to-noise ratio"],
        "How near an image is to its original, in dB: 10 log_{10} of the squared range over the mean squared error. 3 dB more is half the error.",
    ),
    term(
        "p-value",
        &["p-values"],
        "How probable a difference at least as large would be if there were none. Below 0.05 it is usually called significant.",
    ),
    term(
        "rate code",
        &["rate coding"],
        "A code in which the number of spikes carries the value, not their times.",
    ),
    term(
        "ridge regression",
        &["ridge"],
        "The best linear map from spike counts to pixels, with large weights made costly; the simplest decoder.",
    ),
    term(
        "seed",
        &["seeds"],
        "The number from which all random numbers of a run follow; another seed is another network, the same seed the same bits.",
    ),
    term(
        "shuffled spikes",
        &[],
        "A control: the spikes of each image go to another image, so that only what all images share is left.",
    ),
    term(
        "spike",
        &["spikes"],
        "The short pulse by which a neuron signals that its membrane potential reached threshold.",
    ),
    term("spike count", &["spike counts"], "How many spikes a neuron fired in a given time."),
    term("spike train", &["spike trains"], "The times of all spikes of a neuron."),
    term(
        "SSIM",
        &["structural similarity"],
        "Structural similarity of two images from local means, variances and correlation: 1 for equal images, about 0 for unrelated ones.",
    ),
    term(
        "surrogate gradient",
        &["surrogate gradients"],
        "The smooth function that stands in for the derivative of the spike while a spiking network is trained.",
    ),
    term(
        "synapse",
        &["synapses"],
        "The connection from one neuron to another; its weight is its strength.",
    ),
    term("synchrony", &["synchronous"], "How much the neurons of a network fire together."),
    term(
        "test set",
        &["test images", "test samples"],
        "The samples that are kept from all training and choosing, and used once, for the result.",
    ),
    term(
        "time constant",
        &["time constants"],
        "The time in which an exponential decay falls to 37 %.",
    ),
    term(
        "U-Net",
        &[],
        "A convolutional network that shrinks an image and enlarges it again, with links between layers of the same size.",
    ),
    term(
        "VAE",
        &["variational autoencoder"],
        "Variational autoencoder: a network that passes an image through a few random numbers and draws it again from them.",
    ),
    term(
        "validation set",
        &["validation images", "validation samples"],
        "The samples by which a training is stopped and settings are chosen.",
    ),
    term(
        "van Rossum distance",
        &["van Rossum distances", "van Rossum"],
        "How unlike two spike trains are: each spike becomes an exponential tail, and the squared difference of the two curves is summed over time.",
    ),
    term(
        "Welch's test",
        &["Welch", "Welch's t-test"],
        "Whether the means of two groups differ, each with its own variance.",
    ),
    term(
        "Wilcoxon's test",
        &["Wilcoxon", "Wilcoxon's signed-rank test"],
        "Whether the differences of pairs lie around 0, by ranks.",
    ),
];

/// The words of the glossary that a text uses, in alphabetical order.
pub fn terms_in(text: &str) -> Vec<&'static Term> {
    let lower = text.to_lowercase();
    let is_used = |term: &&Term| {
        std::iter::once(&term.name).chain(term.forms).any(|form| {
            // An abbreviation is one only in capitals.
            let is_abbreviation = form.chars().filter(|c| c.is_uppercase()).count() > 1;
            match is_abbreviation {
                true => has_word(text, form),
                false => has_word(&lower, &form.to_lowercase()),
            }
        })
    };
    GLOSSARY.iter().filter(is_used).collect()
}

/// Whether the text has the word with no letter or digit on either side.
fn has_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(start, found)| {
        let before = text[..start].chars().next_back();
        let after = text[start + found.len()..].chars().next();
        !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_in_order_and_defined_once() {
        let sorted = |name: &str| name.to_lowercase().replace('-', "");
        for pair in GLOSSARY.windows(2) {
            assert!(
                sorted(pair[0].name) < sorted(pair[1].name),
                "{} {}",
                pair[0].name,
                pair[1].name
            );
        }
        assert!(GLOSSARY.iter().all(|term| term.meaning.ends_with('.')));
    }

    #[test]
    fn words_are_found_whole() {
        let names = |text| terms_in(text).iter().map(|term| term.name).collect::<Vec<_>>();
        assert_eq!(names("PSNR of two SPIKES, (CV)"), ["CV", "PSNR", "spike"]);
        assert_eq!(names("A cv of cvs, psnrs, unbalanced lossless"), [""; 0]);
        assert_eq!(names("Hedges' g: 0.3"), ["Hedges' g"]);
    }
}
