//! An image as it reaches the network over time.

use equipoise_random::Stream;

use super::build::Network;
use super::config::InputCode;
use super::error::NetworkError;
use super::input::{ChannelTable, check_image, color_channels, latency_ms};

/// The image as it reaches the network over time.
pub(crate) struct Stimulus {
    code: InputCode,
    pub(crate) during_warm_up: bool,
    table: Option<ChannelTable>,
    /// How many input spikes a time step has on average.
    per_step: f64,
    /// Latency code: (time step after the start of the recording, channel), ascending.
    latencies: Vec<(usize, u32)>,
    /// Direct current: the intensity of each channel.
    pub(crate) current: Option<Vec<f32>>,
    /// Time steps before it begins; the first image may be shown in the warm-up already.
    pub(crate) start: usize,
}

impl Stimulus {
    /// The stimulus that an image makes from `start` time steps on; `index` names it in errors.
    pub(crate) fn new(
        network: &Network,
        image: Option<&[f32]>,
        start: usize,
        index: u64,
    ) -> Result<Self, NetworkError> {
        let config = &network.config;
        let settings = &config.input;
        let mut input = Self {
            code: settings.code,
            during_warm_up: settings.during_warm_up,
            table: None,
            per_step: 0.0,
            latencies: Vec::new(),
            current: None,
            start,
        };
        let Some(image) = image else { return Ok(input) };
        let Some(shape) = network.shape else {
            let reason = "the network was built without an input shape".to_owned();
            return Err(NetworkError::Image { index: index as usize, reason });
        };
        check_image(image, shape, index as usize)?;
        let channels = color_channels(image, shape, settings.color);
        match settings.code {
            InputCode::Poisson => {
                let table = ChannelTable::new(&channels);
                let mean = table.total() * settings.r_max * config.dt / 1000.0;
                input.per_step = mean;
                input.table = (mean > 0.0).then_some(table);
            }
            InputCode::Latency => {
                for (channel, &x) in channels.iter().enumerate() {
                    let latency = latency_ms(x, settings.latency_tau, settings.latency_threshold);
                    if let Some(t) = latency {
                        input.latencies.push(((t / config.dt) as usize + 1, channel as u32));
                    }
                }
                input.latencies.sort_unstable();
            }
            InputCode::Direct => input.current = Some(channels),
        }
        Ok(input)
    }

    /// The channels that spike in each of these time steps, of which the first is `first` (from 1
    /// on). None are half before its start.
    pub(crate) fn spikes(&self, first: usize, stream: &mut Stream, steps: &mut [Vec<u32>]) {
        for channels in &mut *steps {
            channels.clear();
        }
        let slice = steps.len();
        match self.code {
            InputCode::Poisson => {
                let Some(table) = &self.table else { return };
                if first <= self.start && !self.during_warm_up {
                    return;
                }
                // The spikes of a Poisson process, given how many there are, fall anywhere.
                for _ in 0..stream.poisson(self.per_step * slice as f64) {
                    let step = &mut steps[stream.below(slice)];
                    step.push(table.draw(stream.next_u64()));
                }
            }
            InputCode::Latency if first > self.start => {
                let now = first - self.start;
                let from = self.latencies.partition_point(|&(at, _)| at < now);
                let due = self.latencies[from..].iter();
                for &(at, channel) in due.take_while(|&&(at, _)| at < now + slice) {
                    steps[at - now].push(channel);
                }
            }
            InputCode::Latency | InputCode::Direct => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{InputConfig, NetworkConfig};
    use equipoise_random::stream;

    #[test]
    fn input_spikes_are_poisson_in_every_step() {
        let config = NetworkConfig {
            input: InputConfig { r_max: 200.0, ..InputConfig::default() },
            ..NetworkConfig::encoder()
        };
        let network = Network::build(&config, Some((1, 28, 28).into()), 5).unwrap();
        let image: Vec<f32> = (0..784).map(|k| (k % 29) as f32 / 28.0).collect();
        let stimulus = Stimulus::new(&network, Some(&image), 0, 1).unwrap();
        let mean = image.iter().sum::<f32>() as f64 * 0.02;
        let mut stream = stream(8, "input-test", 0);
        let (slices, mut steps) = (4000, vec![Vec::new(); 15]);
        let (mut counts, mut seen) = (vec![Vec::new(); 15], vec![0.0; 784]);
        for _ in 0..slices {
            stimulus.spikes(1, &mut stream, &mut steps);
            for (counts, step) in counts.iter_mut().zip(&steps) {
                counts.push(step.len() as f64);
                step.iter().for_each(|&channel| seen[channel as usize] += 1.0);
            }
        }
        let n = f64::from(slices);
        for counts in &counts {
            let got = counts.iter().sum::<f64>() / n;
            let variance = counts.iter().map(|c| (c - got).powi(2)).sum::<f64>() / n;
            assert!((got - mean).abs() < 4.5 * (mean / n).sqrt(), "{got} is not {mean}");
            assert!((variance / mean - 1.0).abs() < 5.0 * (2.0 / n).sqrt(), "{variance}, {mean}");
        }
        for (&seen, &x) in seen.iter().zip(&image) {
            let expected = f64::from(x) * 0.02 * 15.0 * n;
            assert!((seen - expected).abs() <= 5.0 * expected.sqrt(), "{seen}, not {expected}");
        }
    }
}
