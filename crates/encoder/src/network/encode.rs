//! Encoding many images: each image its own trial, images shared among threads.

use std::ops::{ControlFlow, Range};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::build::Network;
use super::error::NetworkError;
use super::probe::Probe;
use super::simulate::Simulation;
use super::trial::Trial;
use equipoise_data::Counts;
use equipoise_data::spikes::SpikeTrains;

/// Images that one thread encodes before it looks for more.
const CHUNK: usize = 16;

/// Which neurons are read.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Population {
    /// Every neuron.
    #[default]
    All,
    /// The excitatory neurons.
    Excitatory,
    /// The inhibitory neurons.
    Inhibitory,
}

impl Population {
    /// The neurons of the population.
    pub fn neurons(self, network: &Network) -> Range<usize> {
        match self {
            Self::All => 0..network.config.neurons,
            Self::Excitatory => 0..network.excitatory_neurons,
            Self::Inhibitory => network.excitatory_neurons..network.config.neurons,
        }
    }
}

impl Network {
    /// Encodes the images of `range`, handing the spikes of each to `sink` in order. `image`
    /// writes image i into the buffer `[channels, height, width]`, intensities in [0, 1].
    ///
    /// Image i is trial i of the seed, so its spikes are the same for any number of threads and
    /// whichever range it is in. No more than a few hundred recordings are held at a time.
    ///
    /// # Errors
    /// If the network was built without an input shape, or an image has intensities outside
    /// [0, 1]; the sink has then had the images before it. [`NetworkError::Stopped`] if the sink
    /// returns [`ControlFlow::Break`].
    pub fn encode_each(
        &self,
        image: &(dyn Fn(usize, &mut [f32]) + Sync),
        range: Range<usize>,
        seed: u64,
        sink: &mut dyn FnMut(usize, SpikeTrains) -> ControlFlow<()>,
    ) -> Result<(), NetworkError> {
        let Some(shape) = self.shape else {
            let reason = "the network was built without an input shape".to_owned();
            return Err(NetworkError::Request(reason));
        };
        let batch = CHUNK * 4 * rayon::current_num_threads();
        let mut start = range.start;
        while start < range.end {
            let end = (start + batch).min(range.end);
            let chunks: Vec<Vec<Result<SpikeTrains, NetworkError>>> = (start..end)
                .collect::<Vec<usize>>()
                .par_chunks(CHUNK)
                .map(|indices| {
                    let mut simulation = Simulation::new(self);
                    let mut buffer = vec![0.0; shape.pixels()];
                    let run = |&index: &usize| {
                        image(index, &mut buffer);
                        let trial = Trial {
                            image: Some(&buffer),
                            parallel: false,
                            ..self.trial(seed, index as u64)
                        };
                        simulation.run(&trial, &mut Probe::none())
                    };
                    indices.iter().map(run).collect()
                })
                .collect();
            for (index, spikes) in (start..end).zip(chunks.into_iter().flatten()) {
                if sink(index, spikes?).is_break() {
                    return Err(NetworkError::Stopped);
                }
            }
            start = end;
        }
        Ok(())
    }

    /// Encodes the images of `range` as counts of the population's spikes in `bins` bins. `progress`
    /// is told how many images are done.
    ///
    /// # Errors
    /// As [`Network::encode_each`], or if `bins` is 0. [`NetworkError::Stopped`] if `progress`
    /// returns [`ControlFlow::Break`].
    pub fn encode_counts(
        &self,
        image: &(dyn Fn(usize, &mut [f32]) + Sync),
        range: Range<usize>,
        seed: u64,
        population: Population,
        bins: usize,
        progress: &mut dyn FnMut(usize) -> ControlFlow<()>,
    ) -> Result<Counts, NetworkError> {
        let neurons = population.neurons(self);
        let (wanted, first) = (range.len(), neurons.start * bins);
        let mut counts = Vec::new();
        counts.reserve_exact(wanted * neurons.len() * bins);
        let mut table = Counts::new(neurons.len(), bins, self.config.duration, counts)
            .map_err(|e| NetworkError::Request(e.to_string()))?;
        let size = neurons.len() * bins;
        let mut done = 0;
        self.encode_each(image, range, seed, &mut |_, spikes| {
            table.counts.extend_from_slice(&spikes.binned_counts(bins)[first..first + size]);
            done += 1;
            progress(done)
        })?;
        Ok(table)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{InputCode, NetworkConfig, ProjectionKind};
    use equipoise_data::ImageShape;

    const SHAPE: ImageShape = ImageShape { channels: 1, height: 8, width: 8 };

    fn small() -> NetworkConfig {
        let mut config = NetworkConfig { neurons: 200, ..NetworkConfig::encoder() };
        config.warm_up = 20.0;
        config.duration = 50.0;
        config.background_rate = Some(2000.0);
        config.input.weight = 2.0;
        config
    }

    fn picture(index: usize, out: &mut [f32]) {
        for (k, x) in out.iter_mut().enumerate() {
            *x = ((k * 7 + index * 13) % 32) as f32 / 31.0;
        }
    }

    fn encode(network: &Network, range: Range<usize>) -> Vec<SpikeTrains> {
        let mut all = Vec::new();
        let mut keep = |_, spikes| {
            all.push(spikes);
            ControlFlow::Continue(())
        };
        network.encode_each(&picture, range, 9, &mut keep).unwrap();
        all
    }

    #[test]
    fn spikes_do_not_depend_on_threads_or_range() {
        for (code, projection) in [
            (InputCode::Poisson, ProjectionKind::Random),
            (InputCode::Latency, ProjectionKind::Topographic),
            (InputCode::Direct, ProjectionKind::Topographic),
        ] {
            let mut config = small();
            config.input.code = code;
            config.input.projection = projection;
            let network = Network::build(&config, Some(SHAPE), 3).unwrap();
            let whole = encode(&network, 0..70);
            assert!(whole.iter().map(SpikeTrains::count).sum::<usize>() > 1000, "{code:?}");
            for threads in [1, 2, 3] {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
                assert_eq!(pool.install(|| encode(&network, 0..70)), whole);
            }
            let tail = encode(&network, 37..70);
            assert_eq!(tail, whole[37..]);
            let again = Network::build(&config, Some(SHAPE), 3).unwrap();
            assert_eq!(encode(&again, 0..2), whole[..2]);
        }
    }

    #[test]
    fn counts_are_those_of_the_spikes() {
        let network = Network::build(&small(), Some(SHAPE), 3).unwrap();
        let spikes = encode(&network, 5..8);
        let count = |population| {
            let go = &mut |_| ControlFlow::Continue(());
            network.encode_counts(&picture, 5..8, 9, population, 4, go).unwrap()
        };
        let counts = count(Population::All);
        assert_eq!((counts.len(), counts.units, counts.bins, counts.bin_ms()), (3, 200, 4, 12.5));
        for (i, spikes) in spikes.iter().enumerate() {
            assert_eq!(counts.recording(i), spikes.binned_counts(4));
            let inhibitory = count(Population::Inhibitory);
            assert_eq!(inhibitory.recording(i), &counts.recording(i)[160 * 4..]);
        }
    }

    #[test]
    fn encoding_stops_when_told() {
        let network = Network::build(&small(), Some(SHAPE), 3).unwrap();
        let stop = &mut |n| if n == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
        let stopped = network.encode_counts(&picture, 0..100, 9, Population::All, 1, stop);
        assert_eq!(stopped, Err(NetworkError::Stopped));
        // Whatever is left to do.
        let stop = &mut |n| if n == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
        let stopped = network.encode_counts(&picture, 0..3, 9, Population::All, 1, stop);
        assert_eq!(stopped, Err(NetworkError::Stopped));
        let none = network.encode_counts(&picture, 0..3, 9, Population::All, 0, stop);
        assert!(matches!(none, Err(NetworkError::Request(_))));
    }

    #[test]
    fn images_that_do_not_fit_are_refused() {
        let network = Network::build(&small(), Some(SHAPE), 3).unwrap();
        let bright = |_: usize, out: &mut [f32]| out.fill(1.5);
        let go = &mut |_: usize, _: SpikeTrains| ControlFlow::Continue(());
        let error = network.encode_each(&bright, 4..5, 0, go).unwrap_err().to_string();
        assert_eq!(error, "image 4: the intensity 1.5 at 0 is outside 0..1");
        let short = Trial { image: Some(&[0.5; 3]), ..network.trial(0, 2) };
        let error = network.run(&short, &mut Probe::none()).unwrap_err().to_string();
        assert_eq!(error, "image 2: 3 numbers, but the network takes 1 x 8 x 8 = 64");
        let blind = Network::build(&small(), None, 3).unwrap();
        assert!(blind.encode_each(&bright, 0..1, 0, go).is_err());
    }

    #[test]
    fn a_brighter_image_makes_more_spikes() {
        for code in [InputCode::Poisson, InputCode::Direct] {
            let mut config = small();
            config.input.code = code;
            let network = Network::build(&config, Some(SHAPE), 3).unwrap();
            let rate = |x: f32| {
                let image = [x; 64];
                let trial = Trial { image: Some(&image), ..network.trial(1, 0) };
                network.run(&trial, &mut Probe::none()).unwrap().mean_rate_hz()
            };
            assert!(rate(1.0) > 1.3 * rate(0.0) + 5.0, "{code:?}: {} {}", rate(1.0), rate(0.0));
        }
    }
}
