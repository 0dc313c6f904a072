//! Settings that no machine could serve are refused with their range, before anything is done.

use equipoise_plasticity::stimulation::{
    AssociativeConfig, ControlConfig, GuideConfig, InferenceConfig, NetworkConfig, RingConfig,
    StimulationError, TrainingConfig, Transfer,
};

/// Whole numbers that a person may type by mistake or malice.
const EXTREME: [usize; 4] = [1 << 31, 1 << 62, 1 << 63, usize::MAX];

/// Numbers of the same kind.
const EXTREME_NUMBERS: [f64; 4] = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300];

#[track_caller]
fn refused(result: Result<(), StimulationError>, name: &str) {
    match result {
        Err(StimulationError::Setting { setting, .. }) => assert_eq!(setting, name),
        other => panic!("{name}: {other:?}"),
    }
}

#[test]
fn extreme_whole_numbers_are_refused() {
    let network = NetworkConfig::default().build(0).unwrap();
    for n in EXTREME {
        refused(NetworkConfig { neurons: n, ..Default::default() }.validate(), "neurons");
        refused(NetworkConfig { inhibitory: n, ..Default::default() }.validate(), "inhibitory");
        refused(NetworkConfig::of_size(n).validate(), "neurons");
        let ring =
            |excitatory, inhibitory| RingConfig { excitatory, inhibitory, ..RingConfig::default() };
        refused(ring(n, 8).validate(), "excitatory");
        refused(ring(16, n).validate(), "inhibitory");
        let control = ControlConfig::default;
        refused(ControlConfig { starts: n, ..control() }.validate(), "starts");
        refused(ControlConfig { screening: n, ..control() }.validate(), "screening");
        refused(ControlConfig { refined: n, ..control() }.validate(), "refined");
        refused(ControlConfig { evaluations: n, ..control() }.validate(), "evaluations");
        let probing = InferenceConfig::default();
        refused(InferenceConfig { probes: n, ..probing }.validate(&network), "probes");
        refused(InferenceConfig { every: n, ..probing }.validate(&network), "every");
        let guide = GuideConfig { rounds: 1, ..Default::default() };
        refused(GuideConfig { rounds: n, ..guide }.validate(), "rounds");
        refused(GuideConfig { guided: n, ..guide }.validate(), "guided");
        refused(GuideConfig { free: n, ..guide }.validate(), "free");
        refused(GuideConfig { descent: n, ..guide }.validate(), "descent");
        refused(TrainingConfig { budget: n, ..Default::default() }.validate(&network), "budget");
        let task = AssociativeConfig::default;
        refused(AssociativeConfig { inputs: n, ..task() }.validate(30), "inputs");
        refused(AssociativeConfig { pixel_neurons: n, ..task() }.validate(30), "pixel_neurons");
        refused(AssociativeConfig { active_inputs: n, ..task() }.validate(30), "active_inputs");
    }
}

#[test]
fn extreme_numbers_are_refused() {
    for x in EXTREME_NUMBERS {
        refused(Transfer { gain: x, ..Default::default() }.validate(), "gain");
        refused(RingConfig { delay: x, ..Default::default() }.validate(), "delay");
        refused(RingConfig { cue_duration: x, ..Default::default() }.validate(), "cue_duration");
        refused(NetworkConfig { density: x, ..Default::default() }.validate(), "density");
        refused(ControlConfig { duration: x, ..Default::default() }.validate(), "duration");
        let wide = AssociativeConfig { gamma: x, ..Default::default() };
        refused(wide.validate(30), "gamma");
    }
    refused(Transfer { gain: 1e-300, max_rate: f64::INFINITY }.validate(), "max_rate");
}
