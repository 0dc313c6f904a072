//! Which regimes: the part of the settings that all studies of networks share.

use equipoise_encoder::images::EncoderConfig;
use equipoise_encoder::network::{NetworkConfig, NetworkError, Regime};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::settings::suggesting;

/// A regime by name, or written out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum RegimeChoice {
    /// A built-in regime.
    Named(String),
    /// A person's own.
    Own(Regime),
}

impl From<&str> for RegimeChoice {
    fn from(name: &str) -> Self {
        Self::Named(name.to_owned())
    }
}

impl From<Regime> for RegimeChoice {
    fn from(regime: Regime) -> Self {
        Self::Own(regime)
    }
}

impl RegimeChoice {
    /// The regime.
    ///
    /// # Errors
    /// The reason, if no regime has the name, or a person's own has none.
    pub fn regime(&self) -> Result<Regime, String> {
        match self {
            Self::Named(name) => Regime::named(name).map_err(|error| match &error {
                NetworkError::UnknownRegime { known, .. } => {
                    suggesting(&error.to_string(), name, known.split(", "))
                }
                _ => error.to_string(),
            }),
            Self::Own(regime) if regime.name.is_empty() => {
                Err("a regime of your own needs a `name`".to_owned())
            }
            Self::Own(regime) => Ok(regime.clone()),
        }
    }
}

/// A network in one regime.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Case<N = NetworkConfig> {
    /// The regime's name.
    pub name: String,
    /// The network.
    pub network: N,
}

/// A network that encodes images: in one regime, or of populations under its name.
pub type ImageCase = Case<EncoderConfig>;

impl From<Case> for ImageCase {
    fn from(case: Case) -> Self {
        Self { name: case.name, network: case.network.into() }
    }
}

/// The networks that regimes make of a base, in their order.
///
/// # Errors
/// The reason, if a regime is unknown, is listed twice, or makes a network that makes no sense.
pub fn cases(base: &NetworkConfig, regimes: &[RegimeChoice]) -> Result<Vec<Case>, String> {
    let mut cases: Vec<Case> = Vec::new();
    for choice in regimes {
        let regime = choice.regime()?;
        if cases.iter().any(|case| case.name == regime.name) {
            return Err(format!("the regime `{}` is listed twice", regime.name));
        }
        let network = regime.apply(base);
        network.validate().map_err(|e| format!("regime `{}`: {e}", regime.name))?;
        cases.push(Case { name: regime.name, network });
    }
    Ok(cases)
}

#[cfg(test)]
mod tests {
    use super::*;
    use equipoise_encoder::network::REGIMES;

    /// The verdict on every built-in regime while it sees images of a data set.
    fn verdicts(dataset: &str, root: &std::path::Path) -> Vec<(String, bool, String)> {
        use crate::balance::diagnose::{Diagnose, DiagnoseSettings};
        use crate::{Context, Study};
        let settings = DiagnoseSettings {
            datasets: vec![dataset.to_owned()],
            regimes: REGIMES.map(RegimeChoice::from).into(),
            images: 10,
            ..DiagnoseSettings::default()
        };
        let inputs = Diagnose::open(&settings, root).unwrap();
        let found = Diagnose::run(&settings, &inputs, &Context::default()).unwrap();
        let of = found.conditions.iter();
        of.map(|c| (c.case.name.clone(), c.verdict.balanced, c.verdict.to_string())).collect()
    }

    #[test]
    fn every_built_in_regime_is_with_images_what_it_is_called() {
        let nowhere = std::path::PathBuf::from(".");
        let drawn =
            ["synthetic-digits", "synthetic-color"].map(|name| (name, Some(nowhere.clone())));
        let real = [
            ("mnist", "mnist"),
            ("fashion-mnist", "fashion-mnist"),
            ("cifar-10", "cifar-10-batches-bin"),
        ]
        .map(|(name, folder)| (name, equipoise_data::testing::real_data(folder)));
        for (dataset, root) in drawn.into_iter().chain(real) {
            // What skips says so itself.
            let Some(root) = root else { continue };
            let found = verdicts(dataset, &root);
            assert_eq!(found.len(), REGIMES.len());
            for (regime, balanced, verdict) in found {
                let called = match regime.as_str() {
                    "balanced" => Some(true),
                    name if name.starts_with("unbalanced") => Some(false),
                    // Its name makes no claim.
                    _ => None,
                };
                if let Some(called) = called {
                    assert_eq!(balanced, called, "{dataset}, {regime}: {verdict}");
                }
            }
        }
    }

    #[test]
    fn regimes_are_named_or_written_out() {
        let network = NetworkConfig::encoder();
        let own: RegimeChoice =
            Regime { name: "mine".into(), g: Some(4.2), ..Regime::default() }.into();
        let found = cases(&network, &["balanced".into(), own.clone()]).unwrap();
        assert_eq!(found.iter().map(|c| c.network.g).collect::<Vec<_>>(), [5.0, 4.2]);
        assert!(cases(&network, &[own.clone(), own]).unwrap_err().contains("twice"));
        assert!(cases(&network, &["no-such".into()]).unwrap_err().contains("balanced"));
        let near = cases(&network, &["unbalanced_g".into()]).unwrap_err();
        assert!(near.ends_with("`unbalanced-g`?"), "{near}");
        assert!(cases(&network, &[Regime::default().into()]).unwrap_err().contains("name"));
    }
}
