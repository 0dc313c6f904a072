//! Images shown to a network of populations: a source of spikes for each channel of an image, onto
//! populations that one names, and the spikes of those that one reads.
//!
//! Channel c of intensity x_c in [0, 1] is a Poisson source of rate r_max x_c. Before each image the
//! network is left to its background for a warm-up, with dark channels.

use std::ops::{ControlFlow, Range};

use equipoise_data::ImageShape;
use equipoise_data::spikes::SpikeTrains;
use equipoise_random::derive_seed;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::build::Network;
use super::connect::Watch;
use super::diagnosis::{NetworkDiagnosis, diagnose_watched};
use super::error::PopulationsError;
use super::recording::Recording;
use super::settings::{Population, Projection, Rule, Settings, Sign, Source};
use super::simulate::Simulation;
use crate::balance::DiagnosisConfig;
use crate::network::{ColorCode, color_channels, input_channels, off_grid};

/// Images that a thread encodes before their spikes are handed on.
const CHUNK: usize = 4;

/// How images come to a network of populations.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ImageInput {
    /// The population of spike sources that shows them, a source for each channel. If the network
    /// has none of this name, it is added, with projections to those of `onto`.
    pub population: String,
    /// The populations that receive from an added one.
    pub onto: Vec<String>,
    /// Sources that a neuron of these receives from.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    pub in_degree: usize,
    /// Weight of these synapses, in the unit of the target's model; that of its first background if
    /// not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(extend("unit" = "mV, pA or nS")))]
    pub weight: Option<f64>,
    /// Rate of the source of a channel of intensity 1, Hz.
    pub r_max: f64,
    /// The channels of a colour image.
    pub color: ColorCode,
    /// How long the network is left to its background before each image, ms.
    pub warm_up: f64,
    /// How long each image is shown and recorded, ms.
    pub duration: f64,
}

impl Default for ImageInput {
    fn default() -> Self {
        Self {
            population: "image".to_owned(),
            onto: Vec::new(),
            in_degree: 50,
            weight: None,
            r_max: 100.0,
            color: ColorCode::Separate,
            warm_up: 50.0,
            duration: 100.0,
        }
    }
}

impl ImageInput {
    fn fault(key: &str, reason: impl Into<String>) -> PopulationsError {
        PopulationsError::Setting { place: key.to_owned(), reason: reason.into() }
    }

    /// Refuses numbers that make no sense, whoever sees the images.
    ///
    /// # Errors
    /// The key, what is wrong, and what would be right.
    pub fn validate_numbers(&self, network: &Settings) -> Result<(), PopulationsError> {
        for (key, value) in
            [("r_max", self.r_max), ("duration", self.duration), ("warm_up", self.warm_up)]
        {
            let least = if key == "duration" { network.dt } else { 0.0 };
            if !(value >= least && value <= 1e7) {
                return Err(Self::fault(key, format!("{value} is not from {least} to 1e7")));
            }
        }
        for (key, time) in [("warm_up", self.warm_up), ("duration", self.duration)] {
            if let Some(reason) = off_grid(time, network.dt) {
                return Err(Self::fault(key, reason));
            }
        }
        if self.r_max > 1000.0 / network.dt {
            let reason = format!("{} Hz is more than a spike in each time step", self.r_max);
            return Err(Self::fault("r_max", reason));
        }
        if self.in_degree == 0 {
            return Err(Self::fault("in_degree", "0; at least 1 is needed"));
        }
        if let Some(weight) = self.weight.filter(|w| !(w.is_finite() && *w >= 0.0)) {
            return Err(Self::fault("weight", format!("{weight} is not a number from 0 on")));
        }
        Ok(())
    }

    /// Refuses what makes no sense with this network.
    ///
    /// # Errors
    /// The key, what is wrong, and what would be right.
    pub fn validate(&self, network: &Settings) -> Result<(), PopulationsError> {
        self.validate_numbers(network)?;
        match network.population(&self.population) {
            Some(at) if network.populations[at].source.is_none() => {
                let reason =
                    format!("{} is a population of neurons, not of spike sources", self.population);
                return Err(Self::fault("population", reason));
            }
            Some(_) if !self.onto.is_empty() => {
                let reason = format!(
                    "the network has sources called {} with projections of their own; leave `onto` \
                     empty, or give `population` another name",
                    self.population
                );
                return Err(Self::fault("onto", reason));
            }
            Some(_) => {}
            None if self.onto.is_empty() => {
                let reason = format!(
                    "name the populations that see the images; the network has no sources called `{}`",
                    self.population
                );
                return Err(Self::fault("onto", reason));
            }
            None => {
                for name in &self.onto {
                    self.check_target(network, name)?;
                }
            }
        }
        Ok(())
    }

    fn check_target(&self, network: &Settings, name: &str) -> Result<(), PopulationsError> {
        let target = network.population(name).map(|at| &network.populations[at]);
        let Some(target) = target else {
            let known: Vec<&str> = network.populations.iter().map(|p| p.name.as_str()).collect();
            let reason = format!("there is no population `{name}`; there are {}", known.join(", "));
            return Err(Self::fault("onto", reason));
        };
        if target.source.is_some() {
            return Err(Self::fault(
                "onto",
                format!("{name} are spike sources, which see nothing"),
            ));
        }
        if self.onto.iter().filter(|other| *other == name).count() > 1 {
            return Err(Self::fault("onto", format!("{name} is named twice")));
        }
        if self.weight.is_none() && target.background.is_empty() {
            let reason = format!("{name} has no background whose weight could be taken; give one");
            return Err(Self::fault("weight", reason));
        }
        Ok(())
    }

    /// The network with the sources of images of this shape, which are added if it has none, and
    /// the place of their population.
    ///
    /// # Errors
    /// As [`ImageInput::validate`]; if sources that it has are not as many as there are channels.
    pub fn with_sources(
        &self,
        network: &Settings,
        shape: ImageShape,
    ) -> Result<(Settings, usize), PopulationsError> {
        self.validate(network)?;
        let channels = input_channels(shape, self.color);
        let mut network = network.clone();
        let population = match network.population(&self.population) {
            Some(at) => at,
            None => {
                self.add_sources(&mut network, channels);
                network.populations.len() - 1
            }
        };
        let size = network.populations[population].size;
        if size != channels {
            let reason = format!(
                "{} has {size} sources, but the images have {channels} channels",
                self.population
            );
            return Err(Self::fault("population", reason));
        }
        network.validate()?;
        Ok((network, population))
    }

    fn add_sources(&self, network: &mut Settings, channels: usize) {
        for name in &self.onto {
            let target = network.population(name).map(|at| &network.populations[at]);
            let background = target.and_then(|target| target.background.first());
            let weight = self.weight.or(background.map(|drive| drive.weight.abs())).unwrap_or(0.0);
            network.projections.push(Projection {
                source: self.population.clone(),
                target: name.clone(),
                connect: Rule::InDegree {
                    synapses: self.in_degree.min(channels),
                    multapses: false,
                    autapses: false,
                },
                weight: weight.into(),
                delay: network.dt.max(1.0).into(),
                plasticity: None,
            });
        }
        network.populations.push(Population {
            source: Some(Source { rate: 0.0 }),
            ..Population::new(&self.population, channels)
        });
    }
}

/// A network of populations that encodes images: what is simulated, how images come to it, and
/// whose spikes are read.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ImageEncoderConfig {
    /// The network; its own warm-up and duration have no say.
    pub network: Settings,
    /// How images come to it.
    pub image: ImageInput,
    /// The populations whose spikes are read, by their names; all neurons if there are none.
    pub record: Vec<String>,
}

impl ImageEncoderConfig {
    /// Refuses what makes no sense, whatever the images.
    ///
    /// # Errors
    /// The setting, what is wrong, and what would be right.
    pub fn validate(&self) -> Result<(), PopulationsError> {
        self.network.validate()?;
        self.image.validate(&self.network)?;
        self.recorded().map(|_| ())
    }

    /// The places of the populations that are read, in the order of the network.
    ///
    /// # Errors
    /// If one does not exist, or none has a neuron.
    pub fn recorded(&self) -> Result<Vec<usize>, PopulationsError> {
        let populations = &self.network.populations;
        let fault = |reason| PopulationsError::Setting { place: "record".to_owned(), reason };
        if let Some(name) = self.record.iter().find(|name| self.network.population(name).is_none())
        {
            let known: Vec<&str> = populations.iter().map(|p| p.name.as_str()).collect();
            let known = known.join(", ");
            return Err(fault(format!("there is no population `{name}`; there are {known}")));
        }
        let wanted = |at: &usize| match self.record.is_empty() {
            true => populations[*at].source.is_none(),
            false => self.record.contains(&populations[*at].name),
        };
        let recorded: Vec<usize> = (0..populations.len()).filter(wanted).collect();
        if recorded.is_empty() {
            return Err(fault("the network has no population of neurons to read".to_owned()));
        }
        Ok(recorded)
    }

    /// Neurons that are read.
    ///
    /// # Errors
    /// As [`ImageEncoderConfig::recorded`].
    pub fn neurons(&self) -> Result<usize, PopulationsError> {
        Ok(self.recorded()?.iter().map(|&at| self.network.populations[at].size).sum())
    }
}

/// A network of populations that images are shown to.
///
/// Image i of a seed has random numbers of its own, so its spikes are the same for any number of
/// threads and whichever images are shown besides.
#[derive(Debug, Clone)]
pub struct ImageEncoder {
    config: ImageEncoderConfig,
    network: Network,
    shape: ImageShape,
    /// The place of the sources.
    sources: usize,
    recorded: Vec<usize>,
    /// The unit of each neuron of the network; `u32::MAX` for those that are not read.
    units: Vec<u32>,
    /// Whether each unit is excitatory.
    excitatory: Vec<bool>,
}

impl ImageEncoder {
    /// Whether images of this shape can be shown.
    ///
    /// # Errors
    /// The setting that makes no sense.
    pub fn check(config: &ImageEncoderConfig, shape: ImageShape) -> Result<(), PopulationsError> {
        config.validate()?;
        config.image.with_sources(&config.network, shape).map(|_| ())
    }

    /// Draws the network, for images of this shape. `watch` may stop it.
    ///
    /// # Errors
    /// As [`ImageEncoder::check`]; if the network needs more memory than it may have;
    /// [`PopulationsError::Stopped`].
    pub fn build(
        config: &ImageEncoderConfig,
        shape: ImageShape,
        seed: u64,
        watch: Watch<'_>,
    ) -> Result<Self, PopulationsError> {
        config.validate()?;
        let (settings, sources) = config.image.with_sources(&config.network, shape)?;
        let recorded = config.recorded()?;
        let firsts = settings.firsts();
        let mut units = vec![u32::MAX; settings.neurons()];
        let mut excitatory = Vec::new();
        for &at in &recorded {
            for unit in &mut units[firsts[at]..firsts[at + 1]] {
                *unit = excitatory.len() as u32;
                excitatory.push(settings.populations[at].sign == Sign::Excitatory);
            }
        }
        // Images are shared among threads, so each network runs on one.
        let network = Network::build_watched(&settings, seed, 1, watch)?;
        Ok(Self { config: config.clone(), network, shape, sources, recorded, units, excitatory })
    }

    /// What it was built from.
    pub fn config(&self) -> &ImageEncoderConfig {
        &self.config
    }

    /// The network, with the sources of images.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// Shape of the images.
    pub fn shape(&self) -> ImageShape {
        self.shape
    }

    /// The place of the population of sources.
    pub fn sources(&self) -> usize {
        self.sources
    }

    /// Neurons that are read: the units of recordings.
    pub fn neurons(&self) -> usize {
        self.excitatory.len()
    }

    /// Whether each unit is excitatory.
    pub fn excitatory(&self) -> &[bool] {
        &self.excitatory
    }

    /// The population and the size of each run of units, in the order of units.
    pub fn populations(&self) -> Vec<(String, usize)> {
        let all = &self.network.settings.populations;
        self.recorded.iter().map(|&at| (all[at].name.clone(), all[at].size)).collect()
    }

    /// The rates of the sources for an image `[channels, height, width]`, Hz.
    fn rates(&self, image: &[f32], index: usize) -> Result<Vec<f64>, PopulationsError> {
        if image.len() != self.shape.pixels() {
            return Err(PopulationsError::Request(format!(
                "image {index}: {} numbers, but the network takes {}",
                image.len(),
                self.shape
            )));
        }
        if let Some(at) = image.iter().position(|x| !(0.0..=1.0).contains(x)) {
            return Err(PopulationsError::Request(format!(
                "image {index}: the intensity {} at {at} is outside 0..1",
                image[at]
            )));
        }
        let channels = color_channels(image, self.shape, self.config.image.color);
        Ok(channels.into_iter().map(|x| self.config.image.r_max * f64::from(x)).collect())
    }

    /// A simulation after the warm-up, from which on it sees the image.
    fn begin(
        &self,
        image: &[f32],
        index: usize,
        seed: u64,
        report: &mut dyn FnMut(f64) -> ControlFlow<()>,
    ) -> Result<Simulation<'_>, PopulationsError> {
        let rates = self.rates(image, index)?;
        let seed = derive_seed(seed, "populations/images", index as u64);
        let mut simulation = Simulation::new(&self.network, seed);
        simulation.set_rates(self.sources, &vec![0.0; rates.len()])?;
        simulation.advance(self.config.image.warm_up, &mut Recording::nothing(), report)?;
        simulation.set_rates(self.sources, &rates)?;
        Ok(simulation)
    }

    /// The spikes of one image; units are numbered within the populations that are read.
    ///
    /// # Errors
    /// If the image does not fit; [`PopulationsError::Stopped`] if `report` says so.
    pub fn encode(
        &self,
        image: &[f32],
        index: usize,
        seed: u64,
        report: &mut dyn FnMut(f64) -> ControlFlow<()>,
    ) -> Result<SpikeTrains, PopulationsError> {
        let mut simulation = self.begin(image, index, seed, report)?;
        let mut recording = Recording::spikes_of(&self.recorded);
        simulation.advance(self.config.image.duration, &mut recording, report)?;
        let mut spikes = recording.spikes;
        for id in &mut spikes.ids {
            *id = self.units[*id as usize];
        }
        spikes.units = self.neurons();
        Ok(spikes)
    }

    /// Encodes the images of `range`, handing the spikes of each to `sink` in order. `image`
    /// writes image i into the buffer `[channels, height, width]`, intensities in [0, 1].
    ///
    /// # Errors
    /// As [`ImageEncoder::encode`]; the sink has then had the images before.
    /// [`PopulationsError::Stopped`] if the sink or `watch` returns [`ControlFlow::Break`].
    pub fn encode_each(
        &self,
        image: &(dyn Fn(usize, &mut [f32]) + Sync),
        range: Range<usize>,
        seed: u64,
        watch: Watch<'_>,
        sink: &mut dyn FnMut(usize, SpikeTrains) -> ControlFlow<()>,
    ) -> Result<(), PopulationsError> {
        let batch = CHUNK * rayon::current_num_threads();
        let mut start = range.start;
        while start < range.end {
            let end = (start + batch).min(range.end);
            let encoded: Vec<Result<SpikeTrains, PopulationsError>> = (start..end)
                .into_par_iter()
                .map(|index| {
                    let mut buffer = vec![0.0; self.shape.pixels()];
                    image(index, &mut buffer);
                    self.encode(&buffer, index, seed, &mut |_| watch())
                })
                .collect();
            for (index, spikes) in (start..end).zip(encoded) {
                if sink(index, spikes?).is_break() {
                    return Err(PopulationsError::Stopped);
                }
            }
            start = end;
        }
        Ok(())
    }

    /// Shows one image for longer, and judges every population: the spikes of the whole network,
    /// sources included, and what they say.
    ///
    /// # Errors
    /// As [`ImageEncoder::encode`] and [`diagnose`](super::diagnose()).
    pub fn observe(
        &self,
        image: &[f32],
        seed: u64,
        duration_ms: f64,
        config: &DiagnosisConfig,
        watch: Watch<'_>,
    ) -> Result<(SpikeTrains, NetworkDiagnosis), PopulationsError> {
        let report = &mut |_: f64| watch();
        let mut simulation = self.begin(image, 0, seed, report)?;
        let mut recording = Recording::spikes();
        simulation.advance(duration_ms, &mut recording, report)?;
        let found = diagnose_watched(&simulation, &recording, config, watch)?;
        Ok((recording.spikes, found))
    }
}
