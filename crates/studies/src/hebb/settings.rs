//! What a person can say of the study.

use equipoise_plasticity::hebb::{Enumeration, HebbConfig, Plan, StudyConfig, Variants};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Settings;

/// The most runs of each mapping and allotment with the best variant.
const MOST_KEPT: usize = 1_000_000;

/// The settings of the study.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct HebbSettings {
    /// Seed of mappings, types and initial weights.
    pub seed: u64,
    /// Whether the table of runs holds the weights at the end.
    pub weights: bool,
    /// Runs in each cell under each criterion; 0 to leave the comparison out.
    pub criterion_runs: usize,
    /// Runs in each cell for each combination of variants; 0 to leave the variants out.
    pub screening_runs: usize,
    /// Runs in each cell for the variants that are compared.
    pub variant_runs: usize,
    /// Edges between two neurons in the variant with several.
    #[schemars(range(min = 2, max = 100))]
    pub variant_edges: usize,
    /// Epochs for which the best variant must keep the map.
    #[schemars(range(min = 1))]
    pub kept_epochs: usize,
    /// Runs of each mapping and allotment with the best variant; fewer where they would be too
    /// many.
    #[schemars(range(min = 1, max = 1000000))]
    pub kept_seeds: usize,
    /// Mappings, ratios, allotments, seeds, and the network.
    pub study: StudyConfig,
}

impl Default for HebbSettings {
    fn default() -> Self {
        Self {
            seed: 0,
            weights: true,
            criterion_runs: 2000,
            screening_runs: 20,
            variant_runs: 200,
            variant_edges: 3,
            kept_epochs: 100,
            kept_seeds: 20,
            study: StudyConfig::default(),
        }
    }
}

impl Settings for HebbSettings {
    fn seed(&self) -> u64 {
        self.seed
    }

    fn validate(&self) -> Result<(), String> {
        let hebb = &self.study.hebb;
        hebb.validate().map_err(|e| e.to_string())?;
        if self.screening_runs > 0 && self.variant_runs == 0 {
            return Err("variant_runs is 0; it is at least 1 where variants are screened".into());
        }
        if !(2..=100).contains(&self.variant_edges) {
            return Err(format!("variant_edges is {}; it is 2 to 100", self.variant_edges));
        }
        if self.kept_epochs == 0 || self.kept_epochs > hebb.max_epochs {
            return Err(format!(
                "kept_epochs is {}; it is 1 to study.hebb.max_epochs, {}",
                self.kept_epochs, hebb.max_epochs
            ));
        }
        // A plan says what else is wrong, and lays out nothing that is large before it has.
        let plan = |name: &str, study: &StudyConfig| {
            Plan::new(study, self.seed).map(|_| ()).map_err(|e| format!("{name}: {e}"))
        };
        plan("study", &self.study)?;
        for (name, runs) in [
            ("criterion_runs", self.criterion_runs),
            ("screening_runs", self.screening_runs),
            ("variant_runs", self.variant_runs),
        ] {
            if runs > 0 {
                plan(name, &self.sampled(runs, hebb.clone()))?;
            }
        }
        if !(1..=MOST_KEPT).contains(&self.kept_seeds) {
            return Err(format!("kept_seeds is {}; it is 1 to {MOST_KEPT}", self.kept_seeds));
        }
        Ok(())
    }
}

impl HebbSettings {
    /// The study with this many random runs in each cell.
    pub(super) fn sampled(&self, runs_per_cell: usize, hebb: HebbConfig) -> StudyConfig {
        StudyConfig { hebb, enumeration: Enumeration::Sample, runs_per_cell, ..self.study.clone() }
    }

    /// The network with these variants, with the floor and the strength that are configured.
    pub(super) fn with(&self, variants: Variants) -> HebbConfig {
        let base = &self.study.hebb;
        HebbConfig {
            variants: Variants {
                dale_floor: base.variants.dale_floor,
                lateral_strength: base.variants.lateral_strength,
                ..variants
            },
            ..base.clone()
        }
    }
}
