//! `equipoise stimulate`, from the command line to the files.

mod common;

use std::path::Path;

use common::run;

fn read(dir: &Path, name: &str) -> String {
    std::fs::read_to_string(dir.join(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
}

/// A column of numbers of a table; empty cells are left out.
fn column(table: &str, name: &str) -> Vec<f64> {
    let mut lines = table.lines();
    let heading = lines.next().expect("a heading");
    let at = heading.split(',').position(|h| h == name);
    let at = at.unwrap_or_else(|| panic!("no column {name} in {heading}"));
    let cells = lines.map(|line| line.split(',').nth(at).expect("a cell").to_string());
    cells.filter(|cell| !cell.is_empty()).map(|cell| cell.parse().expect("a number")).collect()
}

#[test]
fn digits_are_learnt_and_drawn() {
    let dir = tempfile::tempdir().unwrap();
    let args = ["stimulate", "associate", "--networks", "2", "--budget", "60", "--no-sweeps"];
    let ran = run(&[&args[..], &["--seed", "3", "--out", "out"]].concat(), dir.path()).succeeded();
    assert!(ran.stdout.contains("2 of 2"), "{ran:?}");
    let out = dir.path().join("out");
    let steps = read(&out, "steps.csv");
    assert!(column(&steps, "residual").iter().all(|&r| (0.0..=1e-12).contains(&r)));
    assert!(column(&steps, "eigenvalue").iter().all(|&e| e < 0.0));
    assert!(column(&steps, "inference_error").iter().all(|&e| e < 1e-10));
    assert!(column(&read(&out, "networks.csv"), "margin").iter().all(|&m| m > 0.0));
    let drives = read(&out, "stimulations.csv");
    assert!(column(&drives, "f29").iter().all(|f| (-1.0..=1.5).contains(f)));
    assert!(column(&drives, "f0").iter().any(|&f| f != 0.0));
    for figure in ["images", "progress", "weights", "stimulations"] {
        assert!(out.join(format!("figures/{figure}.png")).exists(), "{figure}");
    }
    assert!(read(&out, "report.html").contains("2 of 2"));
}

#[test]
fn a_guide_teaches_the_exclusive_or() {
    let dir = tempfile::tempdir().unwrap();
    let args = ["stimulate", "associate", "--exclusive-or", "--networks", "1", "--no-sweeps"];
    let more = ["--set", "guide.guided=5", "--set", "guide.free=4", "--set", "guide.rounds=2"];
    run(&[&args[..], &more, &["--out", "out"]].concat(), dir.path()).succeeded();
    let steps = column(&read(&dir.path().join("out"), "steps.csv"), "stimulations");
    assert_eq!(steps, (0..=18).map(f64::from).collect::<Vec<_>>());
}

#[test]
fn a_guide_teaches_many_digits() {
    let dir = tempfile::tempdir().unwrap();
    let args = ["stimulate", "associate", "--digits", "0,1,2,3,4,5", "--neurons", "45", "--guided"];
    let more = ["--networks", "1", "--no-sweeps", "--seed", "77", "--out", "out"];
    let ran = run(&[&args[..], &more].concat(), dir.path()).succeeded();
    assert!(ran.stdout.contains("1 of 1"), "{ran:?}");
    assert!(column(&read(&dir.path().join("out"), "networks.csv"), "margin")[0] > 0.0);
}

#[test]
fn a_ring_is_approached_and_its_bumps_are_measured() {
    let dir = tempfile::tempdir().unwrap();
    let args = ["stimulate", "structure", "--networks", "1", "--budget", "12"];
    let more = ["--set", "durations=[0.1]", "--out", "out"];
    run(&[&args[..], &more].concat(), dir.path()).succeeded();
    let out = dir.path().join("out");
    let table = read(&out, "networks.csv");
    assert!(column(&table, "cost")[0] < 0.9 * column(&table, "initial_cost")[0], "{table}");
    // Four places for each of sixteen neurons: of the target, before and after.
    let bumps = read(&out, "bumps.csv");
    assert_eq!(column(&bumps, "drift").len(), 3 * 64);
    assert!(column(&bumps, "width").iter().all(|&w| w > 0.0));
    let attractors = read(&out, "attractors.csv");
    assert_eq!(column(&attractors, "held")[0], 64.0, "the target holds every bump: {attractors}");
    assert!(column(&attractors, "largest_drift")[0] < 0.05, "{attractors}");
    assert!(column(&read(&out, "stimulations.csv"), "f23").len() == 12);
    assert!(out.join("figures/bumps.png").exists() && out.join("figures/speed.png").exists());
}

#[test]
fn reach_is_counted() {
    let dir = tempfile::tempdir().unwrap();
    let args = ["stimulate", "controllability", "--sizes", "30,36", "--densities", "0.2"];
    let more = ["--networks", "2", "--set", "stimulations=4", "--no-timing", "--out", "out"];
    run(&[&args[..], &more].concat(), dir.path()).succeeded();
    let table = read(&dir.path().join("out"), "reach.csv");
    let (neurons, directions) = (column(&table, "neurons"), column(&table, "directions"));
    assert_eq!(neurons, [30.0, 36.0, 30.0]);
    for (n, d) in neurons.iter().zip(&directions) {
        assert!(*d <= 4.0 * n, "at most K N directions: {table}");
    }
    assert!(dir.path().join("out/figures/reach.svg").exists());
}

#[test]
fn wrong_requests_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let refuse = |task: &str, args: &[&str], parts: &[&str]| {
        run(&[&["stimulate", task][..], args].concat(), dir.path()).refused(parts);
    };
    refuse("associate", &["--digits", "1,1"], &["digits", "[1, 1]"]);
    refuse("associate", &["--digits", "12"], &["12"]);
    refuse("associate", &["--neurons", "20"], &["pixel_neurons", "20"]);
    refuse("associate", &["--networks", "0"], &["networks is 0"]);
    refuse("associate", &["--inhibitory", "30"], &["inhibitory is 30"]);
    refuse("associate", &["--set", "noises=[2.0]"], &["noises", "2"]);
    refuse("associate", &["--set", "durations=[0.0]"], &["durations", "0"]);
    refuse("associate", &["--set", "training.control.step=-1.0"], &["step is -1"]);
    refuse("associate", &["--set", "training.inference.probes=3"], &["probes is 3"]);
    refuse("associate", &["--set", "task.margins=1"], &["margins"]);
    refuse("associate", &["--set", "guide.margin=2.0"], &["guide", "margin is 2"]);
    refuse(
        "associate",
        &["--set", "training.calibrate=true", "--set", "training.inference.every=2"],
        &["every is 2"],
    );
    refuse("structure", &["--set", "ring.peak=0.1"], &["peak"]);
    refuse("structure", &["--excitatory", "3"], &["excitatory is 3"]);
    refuse("structure", &["--set", "ring.initial_spread=2.0"], &["initial_spread is 2"]);
    refuse("controllability", &["--sizes", "20"], &["pixel_neurons", "20"]);
    refuse("controllability", &["--densities", "1.5"], &["density is 1.5"]);
    for many in ["4611686018427387904", "9223372036854775807"] {
        refuse("associate", &["--neurons", many], &["neurons is"]);
        refuse("associate", &["--networks", many], &["networks is"]);
        refuse("associate", &["--budget", many], &["budget is"]);
        refuse("structure", &["--excitatory", many], &["excitatory is"]);
        refuse("controllability", &["--sizes", many], &["neurons is"]);
    }
    assert!(common::files(dir.path()).is_empty(), "a refused request writes nothing");
}

/// A network that is lost ends its training, not the command, and the report says how.
#[test]
fn lost_networks_are_reported() {
    let dir = tempfile::tempdir().unwrap();
    let base = ["stimulate", "associate", "--networks", "2", "--budget", "4", "--no-sweeps"];
    for (name, settings) in [
        ("saturated", vec!["network.excitatory_weight=1.5", "network.inhibitory_weight=0.0"]),
        (
            "silent",
            vec![
                "network.excitatory_weight=0.0",
                "training.transfer.gain=100.0",
                "task.drive_on=-0.5",
            ],
        ),
        (
            "no stable state",
            vec![
                "network.excitatory_weight=2.0",
                "network.inhibitory_weight=3.0",
                "training.transfer.gain=100.0",
            ],
        ),
    ] {
        let out = name.replace(' ', "-");
        let mut args = base.to_vec();
        args.extend(settings.iter().flat_map(|s| ["--set", s]));
        args.extend(["--out", &out]);
        let ran = run(&args, dir.path()).succeeded();
        assert!(ran.stdout.contains("0 of 2") && ran.stdout.contains(name), "{ran:?}");
        let out = dir.path().join(out);
        assert!(read(&out, "report.html").contains(name), "{name}");
        let table = read(&out, "networks.csv");
        assert_eq!(table.lines().filter(|line| line.contains(name)).count(), 2, "{table}");
    }
}
