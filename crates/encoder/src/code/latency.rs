//! Time to first spike: the brighter the pixel, the earlier its one spike.

use super::{CodeError, Events};
use equipoise_data::ImageSet;
use serde::{Deserialize, Serialize};

/// Settings of the latency code: the time that a leaky integrator with time constant `tau` and
/// threshold `threshold` takes to fire under the constant input x,
/// t = floor(tau ln(x / (x - threshold))) (Neftci, Mostafa & Zenke 2019, SpyTorch's
/// `current2firing_time`; the values of Kilgore et al. 2025).
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Latency {
    /// An intensity of at most this gives no spike; intensities lie in [0, 1].
    #[cfg_attr(feature = "schema", schemars(range(min = 0), extend("exclusiveMaximum" = 1)))]
    pub threshold: f64,
    /// The time constant, in steps.
    #[cfg_attr(feature = "schema", schemars(extend("exclusiveMinimum" = 0, "unit" = "steps")))]
    pub tau: f64,
    /// The number of steps; a spike that would come later is left out.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    pub steps: usize,
}

impl Default for Latency {
    fn default() -> Self {
        Latency { threshold: 0.2, tau: 20.0, steps: 100 }
    }
}

impl Latency {
    /// Checks the settings.
    ///
    /// # Errors
    /// The reason, if a value is out of range.
    pub fn validate(&self) -> Result<(), CodeError> {
        if !(0.0..1.0).contains(&self.threshold) {
            return Err(CodeError::Threshold(self.threshold));
        }
        if !(self.tau > 0.0 && self.tau.is_finite()) {
            return Err(CodeError::Tau(self.tau));
        }
        Events::new(self.steps, 1).map(|_| ())
    }

    /// The step at which intensity `x` fires, if it does.
    pub fn step(&self, x: f64) -> Option<u16> {
        if x <= self.threshold {
            return None;
        }
        let t = libm::floor(self.tau * libm::log(x / (x - self.threshold)));
        (t < self.steps as f64).then_some(t as u16)
    }
}

/// The latency code of every image; the channels are the pixels `[channels, height, width]`.
///
/// # Errors
/// If a setting is out of range, or an image has more than 65,536 values.
pub fn latency(images: &ImageSet, settings: &Latency) -> Result<Events, CodeError> {
    settings.validate()?;
    let mut events = Events::new(settings.steps, images.shape.pixels())?;
    let mut first_step = [None; 256];
    for (value, step) in first_step.iter_mut().enumerate() {
        *step = settings.step(value as f64 / 255.0);
    }
    let mut sample = Vec::new();
    for i in 0..images.len() {
        sample.clear();
        sample.extend(images.image(i).iter().enumerate().filter_map(|(channel, &value)| {
            first_step[usize::from(value)].map(|step| (step, channel as u16))
        }));
        events.push_sample(&mut sample);
    }
    Ok(events)
}

#[cfg(test)]
mod tests {
    use super::*;
    use equipoise_data::{ImageShape, OpenOptions, open, testing};

    fn one_image(pixels: Vec<u8>) -> ImageSet {
        let shape = ImageShape { channels: 1, height: 1, width: pixels.len() };
        ImageSet::new("test", shape, pixels, vec![0], vec!["only".into()]).unwrap()
    }

    #[test]
    fn brighter_is_earlier() {
        // 51/255 is the threshold itself; 20 ln(1/0.8) = 4.46; x = 0.4 gives 20 ln 2 = 13.86;
        // 52/255 gives 20 ln 52 = 79.02.
        let events =
            latency(&one_image(vec![0, 51, 52, 102, 255, 255]), &Latency::default()).unwrap();
        assert_eq!(events.step, [4, 4, 13, 79]);
        assert_eq!(events.channel, [4, 5, 3, 2]);
        let short = Latency { steps: 13, ..Latency::default() };
        assert_eq!(latency(&one_image(vec![102, 255]), &short).unwrap().step, [4]);
    }

    #[test]
    fn settings_out_of_range_are_refused() {
        let good = Latency::default();
        for bad in [
            Latency { threshold: -0.1, ..good },
            Latency { threshold: 1.0, ..good },
            Latency { threshold: f64::NAN, ..good },
            Latency { tau: 0.0, ..good },
            Latency { tau: f64::INFINITY, ..good },
            Latency { steps: 0, ..good },
            Latency { steps: 70_000, ..good },
        ] {
            assert!(bad.validate().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn fashion_mnist_gives_the_published_number_of_spikes() {
        let Some(root) = testing::real_data("fashion-mnist") else { return };
        let options = OpenOptions { train: Some(900), ..OpenOptions::default() };
        let (train, _) = open("fashion-mnist", &root, &options).unwrap().into_images().unwrap();
        let events = latency(&train, &Latency::default()).unwrap();
        // SPEC: 327 spikes an image over 900 images, the earliest at step 4.
        assert!((events.mean_events() - 327.0).abs() < 10.0, "{}", events.mean_events());
        assert_eq!(events.step.iter().min(), Some(&4));
    }
}
