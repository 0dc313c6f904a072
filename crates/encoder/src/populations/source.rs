//! Populations of spike sources: Poisson processes and given trains.

use equipoise_random::{Stream, derive_seed, stream};

use super::error::PopulationsError;
use super::settings::{Settings, Sign};
use super::shard::INHIBITORY;

/// All populations of sources of a network.
#[derive(Debug, Clone)]
pub(crate) struct Sources {
    pub(super) seed: u64,
    pub(super) populations: Vec<SourcePopulation>,
}

#[derive(Debug, Clone)]
pub(super) struct SourcePopulation {
    population: usize,
    name: String,
    first: u32,
    size: usize,
    inhibitory: bool,
    /// Summed rates of the sources up to and with each, spikes per step.
    pub(super) cumulated: Vec<f64>,
    /// Given spikes to come, the latest first.
    pub(super) given: Vec<(u64, u32)>,
}

impl Sources {
    pub(crate) fn new(settings: &Settings, seed: u64) -> Self {
        let firsts = settings.firsts();
        let populations = settings.populations.iter().enumerate().filter_map(|(at, population)| {
            let source = population.source?;
            let per_step = source.rate * settings.dt / 1000.0;
            Some(SourcePopulation {
                population: at,
                name: population.name.clone(),
                first: firsts[at] as u32,
                size: population.size,
                inhibitory: population.sign == Sign::Inhibitory,
                cumulated: (1..=population.size).map(|k| k as f64 * per_step).collect(),
                given: Vec::new(),
            })
        });
        Self {
            seed: derive_seed(seed, "populations/sources", 0),
            populations: populations.collect(),
        }
    }

    fn find(&mut self, population: usize) -> Result<&mut SourcePopulation, PopulationsError> {
        self.populations.iter_mut().find(|p| p.population == population).ok_or_else(|| {
            PopulationsError::Request(format!(
                "population {population} is not one of spike sources"
            ))
        })
    }

    pub(crate) fn set_rates(
        &mut self,
        population: usize,
        rates: &[f64],
        dt: f64,
    ) -> Result<(), PopulationsError> {
        let sources = self.find(population)?;
        if rates.len() != sources.size {
            let (got, size) = (rates.len(), sources.size);
            return Err(PopulationsError::Request(format!("{got} rates for {size} sources")));
        }
        let most = 1000.0 / dt;
        if let Some(rate) = rates.iter().find(|rate| !(0.0..=most).contains(*rate)) {
            let reason = format!("a source of {rate} Hz; a rate is from 0 to {most} Hz");
            return Err(PopulationsError::Request(reason));
        }
        let mut sum = 0.0;
        for (cumulated, rate) in sources.cumulated.iter_mut().zip(rates) {
            sum += rate * dt / 1000.0;
            *cumulated = sum;
        }
        Ok(())
    }

    pub(crate) fn set_spikes(
        &mut self,
        population: usize,
        spikes: &[(f64, usize)],
        now: u64,
        dt: f64,
    ) -> Result<(), PopulationsError> {
        let sources = self.find(population)?;
        let mut given = Vec::with_capacity(spikes.len());
        for &(time, source) in spikes {
            let step = (time / dt).round();
            if !(step > now as f64 && step < 1e15) {
                let reason =
                    format!("a spike at {time} ms, which is not after {} ms", now as f64 * dt);
                return Err(PopulationsError::Request(reason));
            }
            if source >= sources.size {
                let size = sources.size;
                return Err(PopulationsError::Request(format!(
                    "source {source}, but there are {size}"
                )));
            }
            given.push((step as u64, source as u32));
        }
        given.sort_unstable_by(|a, b| b.cmp(a));
        sources.given = given;
        Ok(())
    }

    /// Appends the sources that spike in a step, with their signs; one that spikes twice is there
    /// twice. The spikes of a step come from a stream of that step.
    pub(crate) fn spikes(&mut self, step: u64, out: &mut Vec<u32>) {
        for sources in &mut self.populations {
            let mark = if sources.inhibitory { INHIBITORY } else { 0 };
            while let Some(&(when, source)) = sources.given.last()
                && when <= step
            {
                sources.given.pop();
                if when == step {
                    out.push((sources.first + source) | mark);
                }
            }
            let total = sources.cumulated.last().copied().unwrap_or(0.0);
            if total <= 0.0 {
                continue;
            }
            let purpose = format!("populations/sources/{}", sources.name);
            let mut own: Stream = stream(self.seed, &purpose, step);
            // Poisson processes together are one whose spikes choose their source.
            for _ in 0..own.poisson(total) {
                let at = own.uniform() * total;
                let source = sources.cumulated.partition_point(|&cumulated| cumulated <= at);
                out.push((sources.first + source.min(sources.size - 1) as u32) | mark);
            }
        }
    }
}
