//! Wrong requests to the main job: one line, exit code 2, nothing written.

mod common;

use common::{files, run};

#[test]
fn wrong_settings_are_refused_before_anything_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    for (set, part) in [
        ("repeats=0", "repeats"),
        ("regimes=[]", "regimes"),
        ("regimes=['no-such']", "no-such"),
        ("regimes=['balanced','balanced']", "twice"),
        ("network.neurons=0", "neuron"),
        ("network.connection_probability=1.5", "connection_probability"),
        ("network.membrane=-1.0", "membrane"),
        ("network.delay=0.01", "delay"),
        ("network.dt=0", "dt"),
        ("network.duration=-5.0", "duration"),
        ("network.excitatory_fraction=2", "excitatory_fraction"),
        ("network.no_such_key=1", "no_such_key"),
        ("network.neurons='many'", "network.neurons='many'"),
        ("training.epochs=0", "epochs"),
        ("training.learning_rate=-1.0", "learning_rate"),
        ("training.batch_size=0", "batch_size"),
        ("decoder.kind='no-such'", "no-such"),
        ("features.bins=0", "bins"),
        ("data.validation=0", "validation"),
        ("data.train=0", "data.train"),
        ("backend='no-such'", "no-such"),
        ("seed=-1", "seed"),
        ("no_equals_sign", "key=value"),
    ] {
        run(&["demo", "--set", set, "--out", "out"], dir).refused(&[part]);
    }
    run(&["demo", "--seed", "99999999999999999999", "--out", "out"], dir).refused(&["--seed"]);
    run(&["demo", "--preset", "huge", "--out", "out"], dir).refused(&["huge"]);
    run(&["reconstruct", "--repeats", "none", "--out", "out"], dir).refused(&["--repeats"]);
    assert!(files(dir).is_empty(), "{:?}", files(dir));
}

#[test]
fn wrong_configuration_files_name_the_place() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    for (text, part) in [
        ("seed = 1\nno_such_key = 2\n", "bad.toml:2:1"),
        ("[network]\nneurons = 'many'\n", "bad.toml:2:11"),
        ("[network\n", "bad.toml:1"),
        ("seed = 1\nseed = 2\n", "bad.toml:2"),
    ] {
        std::fs::write(dir.join("bad.toml"), text).unwrap();
        run(&["demo", "--config", "bad.toml", "--out", "out"], dir).refused(&[part]);
    }
    run(&["demo", "--config", "missing.toml", "--out", "out"], dir).refused(&["missing.toml"]);
    run(&["demo", "--config", ".", "--out", "out"], dir).refused(&["."]);
    assert!(!dir.join("out").exists());
}

#[test]
fn missing_and_unknown_data_sets_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    for (name, part) in [
        ("mnist", "mnist"),
        ("cifar-10", "cifar-10"),
        ("no-such-set", "no-such-set"),
        ("folder:nowhere", "nowhere"),
        ("synthetic-speech", "spikes"),
    ] {
        let out = format!("out-{}", name.replace(':', "-"));
        run(&["reconstruct", "--dataset", name, "--out", &out], dir).refused(&[part]);
    }
}

#[test]
fn resume_refuses_what_is_no_run_of_this_command() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    run(&["demo", "--resume", "nowhere"], dir).refused(&["nowhere"]);
    std::fs::create_dir(dir.join("empty")).unwrap();
    run(&["demo", "--resume", "empty"], dir).refused(&["empty"]);
    run(&["demo", "--resume", "empty", "--seed", "1"], dir).refused(&["--seed"]);
    std::fs::write(dir.join("file"), "x").unwrap();
    run(&["demo", "--out", "file"], dir).refused(&["file"]);
}
