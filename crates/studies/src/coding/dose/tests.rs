//! The study on images that it draws itself.

use super::*;
use settings::{Along, LineOf};

fn tiny() -> DoseSettings {
    let line = |along, values: &[f64]| LineOf {
        along,
        values: values.to_vec(),
        g: Some(6.0),
        p: Some(0.3),
        j0: None,
    };
    let mut settings = DoseSettings {
        repeats: 2,
        lines: vec![
            LineOf { p: Some(0.2), g: None, ..line(Along::G, &[3.0, 6.0]) },
            line(Along::J0, &[0.5, 1.5, 5.0]),
        ],
        times_ms: vec![5.0, 50.0],
        shuffles: 2,
        blank_ms: 100.0,
        read: 150,
        state_images: 1,
        network: toml::from_str("neurons = 200\n[input]\nr_max = 400.0\nin_degree = 32").unwrap(),
        ..DoseSettings::default()
    };
    settings.fisher.pairs = 1;
    settings.fisher.neurons = 20;
    settings.fisher.trials = 100;
    settings.fisher.change = 1.0;
    settings.targets.images = 8;
    settings.targets.silence_ms = 800.0;
    settings.data =
        toml::from_str("dataset = 'synthetic-digits'\ntrain = 200\nvalidation = 40\ntest = 60")
            .unwrap();
    settings
}

#[test]
fn networks_along_lines_are_measured_and_read() {
    let settings = tiny();
    let images = Dose::open(&settings, Path::new(".")).unwrap();
    let context = Context::default();
    let found = Dose::run(&settings, &images, &context).unwrap();
    assert_eq!(found.cells.len(), 2 * 5);
    for cell in &found.cells {
        let name = &cell.name;
        assert!((cell.matched.during_hz / 20.0 - 1.0).abs() < 0.1, "{name}: {:?}", cell.matched);
        // Half of the spikes, from a part of the time.
        let wanted = 0.5 * 150.0 * 20.0 * 0.05;
        let read = cell.equal_spikes;
        assert!((read.spikes / wanted - 1.0).abs() < 0.25 && read.ms < 50.0, "{name}: {read:?}");
        // A whole other image is told apart.
        assert!(cell.information_shuffled > 0.0, "{name}");
        assert!(cell.shuffled.is_some());
    }
    // Few images and neurons tell little, but more than chance, 0.1 of 600 readings.
    let read = found.cells.iter().map(|c| c.equal_time.accuracy).sum::<f64>() / 10.0;
    assert!(read > 0.16, "{read}");
    // Stronger weights make more irregular networks.
    let cv = |value: f64| found.numbers(1, value, |c| c.state.cv).iter().sum::<f64>();
    assert!(cv(5.0) > 1.3 * cv(0.5), "{} {}", cv(5.0), cv(0.5));
    let slopes = tables::slopes(&found);
    assert_eq!(slopes.len(), 3 * 2 * 8);
    assert!(report::sentences(&found, &slopes).len() >= 2);
    assert!(Dose::report(&found).to_html().contains("Fisher"));
    assert!(Dose::summary_within(&found, 80).lines().count() > 8);
    assert!(Dose::metrics(&found).iter().count() >= 12);
    assert_eq!(Dose::run(&settings, &images, &context).unwrap(), found);
}

#[test]
fn slopes_are_those_of_the_numbers() {
    let settings = tiny();
    let images = Dose::open(&settings, Path::new(".")).unwrap();
    let mut found = Dose::run(&settings, &images, &Context::default()).unwrap();
    for cell in &mut found.cells {
        // Accuracy falls by 30 points a unit of cancellation in the first repetition, by 40 in the
        // second.
        let slope = -0.3 - 0.1 * cell.repeat as f64;
        cell.equal_time.accuracy = 0.9 + slope * cell.state.cancelled;
    }
    let slopes = tables::slopes(&found);
    let wanted = slopes.iter().find(|s| {
        s.line.is_none()
            && s.dose == "inhibition over excitation"
            && s.response.starts_with("accuracy at equal time")
    });
    let wanted = wanted.unwrap();
    // Of five networks the slope over networks is between those of the repetitions, whose accuracies
    // lie up to 0.1 apart for a unit of cancellation.
    let over = wanted.networks.unwrap();
    assert_eq!(over.model.groups, 5);
    let slope = 100.0 * over.model.slope;
    assert!((-45.0..-25.0).contains(&slope) && over.r_squared > 0.8, "{over:?}");
    assert!(over.model.low < over.model.slope && over.model.slope < over.model.high);
    assert!(over.model.residual_variance.sqrt() < 0.1, "{over:?}");
    // Lines of two and three networks say nothing of others.
    assert!(slopes.iter().all(|s| s.line.is_none() || s.networks.is_none()));
    let slopes = &wanted.slopes;
    assert!((slopes[0] + 30.0).abs() < 1e-6 && (slopes[1] + 40.0).abs() < 1e-6, "{slopes:?}");
}

#[test]
fn presets_make_sense_and_grow() {
    let of = |text: &str| toml::from_str::<DoseSettings>(text).unwrap();
    let [smoke, quick, full] = [Dose::SMOKE, Dose::QUICK, Dose::FULL].map(of);
    for settings in [&smoke, &quick, &full] {
        settings.validate().unwrap();
    }
    let networks = |s: &DoseSettings| s.conditions().unwrap().len() * s.repeats;
    assert!(networks(&smoke) < networks(&quick) && networks(&quick) < networks(&full));
    assert!(full.repeats >= 5 && full.lines.len() == 4);
}
