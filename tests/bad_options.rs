//! Every option out of range, every configuration that cannot be: one line that says what and
//! where, exit code 2, and not a byte or a folder written. Files are in `bad_inputs.rs`.

mod common;

use std::fs;

use common::refuses;

/// Commands and the words of one wrong option, with what the line must name.
const OPTIONS: &[(&str, &str, &str)] = &[
    ("demo", "--preset huge", "huge"),
    ("reconstruct", "--regimes no-such", "no-such"),
    ("reconstruct", "--regimes balanced,balanced", "twice"),
    ("reconstruct", "--repeats 0", "repeats"),
    ("reconstruct", "--repeats none", "--repeats"),
    ("reconstruct", "--repeats -1", "--repeats"),
    ("reconstruct", "--train 0", "data.train"),
    ("reconstruct", "--test 0", "data.test"),
    ("reconstruct", "--train 1.5", "--train"),
    ("reconstruct", "--decoder no-such", "no-such"),
    ("reconstruct", "--epochs 0", "epochs"),
    ("reconstruct", "--epochs 10000000", "epochs"),
    ("reconstruct", "--neurons 0", "neuron"),
    ("reconstruct", "--neurons 1000000000", "neurons"),
    ("reconstruct", "--controls no-such", "no-such"),
    ("reconstruct", "--backend no-such", "no-such"),
    ("reconstruct", "--set regimes=[]", "regimes"),
    ("reconstruct", "--set regimes=[{g=3.0}]", "name"),
    ("reconstruct", "--set batch=0", "batch"),
    ("reconstruct", "--set data.validation=0", "validation"),
    ("reconstruct", "--set network.connection_probability=1.5", "connection_probability"),
    ("reconstruct", "--set network.membrane=-1.0", "membrane"),
    ("reconstruct", "--set network.threshold=5.0", "reset"),
    ("reconstruct", "--set network.delay=0.01", "delay"),
    ("reconstruct", "--set network.dt=0", "dt"),
    ("reconstruct", "--set network.dt=nan", "dt"),
    ("reconstruct", "--set network.duration=-5.0", "duration"),
    ("reconstruct", "--set network.duration=inf", "duration"),
    ("reconstruct", "--set network.excitatory_fraction=2", "excitatory_fraction"),
    ("reconstruct", "--set network.g=-1.0", "`g`"),
    ("reconstruct", "--set network.eta=-1.0", "eta"),
    ("reconstruct", "--set network.input.r_max=-1.0", "r_max"),
    ("reconstruct", "--set network.input.code=no-such", "no-such"),
    ("reconstruct", "--set network.input.in_degree=100000", "in_degree"),
    ("reconstruct", "--set network.no_such_key=1", "no_such_key"),
    ("reconstruct", "--set features.bins=0", "bins"),
    ("reconstruct", "--set features.bins=100000000", "bins"),
    ("reconstruct", "--set features.kind=no-such", "no-such"),
    ("reconstruct", "--set features.time_constants=[]", "time_constants"),
    ("reconstruct", "--set features.time_constants=[0.0]", "time_constants"),
    ("reconstruct", "--set decoder.hidden=[]", "hidden"),
    ("reconstruct", "--set decoder.hidden=[0]", "hidden"),
    ("reconstruct", "--set decoder.hidden=[1000000000000]", "hidden"),
    ("reconstruct", "--set decoder.channels=0", "channels"),
    ("reconstruct", "--set decoder.channels=1000000000", "channels"),
    ("reconstruct", "--set decoder.depth=0", "depth"),
    ("reconstruct", "--set decoder.depth=9", "depth"),
    ("reconstruct", "--set decoder.dropout=1.0", "dropout"),
    ("reconstruct", "--set decoder.feature_dropout=-0.1", "feature_dropout"),
    ("reconstruct", "--set decoder.ssim_share=2.0", "ssim_share"),
    ("reconstruct", "--set decoder.latent=0", "latent"),
    ("reconstruct", "--set decoder.latent=1000000000000", "latent"),
    ("reconstruct", "--set decoder.beta=-1.0", "beta"),
    ("reconstruct", "--set training.learning_rate=-1.0", "learning_rate"),
    ("reconstruct", "--set training.learning_rate=nan", "learning_rate"),
    ("reconstruct", "--set training.batch_size=0", "batch_size"),
    ("reconstruct", "--set training.warmup_epochs=-1.0", "warmup_epochs"),
    ("reconstruct", "--set training.final_share=2.0", "final_share"),
    ("reconstruct", "--set training.weight_decay=-1.0", "weight_decay"),
    ("reconstruct", "--set training.schedule=no-such", "no-such"),
    ("reconstruct", "--populations no-such", "no-such"),
    ("reconstruct", "--populations brunel --onto L4E", "L4E"),
    ("reconstruct", "--populations vogels", "onto"),
    ("reconstruct", "--onto E", "--populations"),
    ("study reconstruction", "--preset smoke --regimes no-such", "no-such"),
    ("study reconstruction", "--preset smoke --populations no-such", "no-such"),
    ("study reconstruction", "--preset smoke --populations brunel --record K", "K"),
    ("study reconstruction", "--preset smoke --populations brunel --scale 0", "scale"),
    ("study reconstruction", "--preset smoke --populations brunel,brunel", "brunel"),
    (
        "study reconstruction",
        "--preset smoke --set populations=[{name='balanced'}] --set beside_regimes=true",
        "`balanced`",
    ),
    ("study reconstruction", "--scale 0.5", "--populations"),
    ("encode", "--regime no-such", "no-such"),
    ("encode", "--bins 0", "bins"),
    ("encode", "--bins 1000000000000", "bins"),
    ("encode", "--spikes -1", "--spikes"),
    ("encode", "--neurons 0", "neuron"),
    ("encode", "--train 0", "data.train"),
    ("encode", "--test 0", "data.test"),
    ("encode", "--test 1000000000", "1000000"),
    ("classify", "--ratio 1.5", "ratio"),
    ("classify", "--ratio=-0.1", "ratio"),
    ("classify", "--ratio nan", "ratio"),
    ("classify", "--sigma-1=-1", "sigma_1"),
    ("classify", "--noise=-1", "noise"),
    ("classify", "--optimizer no-such", "no-such"),
    ("classify", "--learning-rate 0", "learning_rate"),
    ("classify", "--hidden 0", "hidden"),
    ("classify", "--hidden 1000000000", "hidden"),
    ("classify", "--epochs 0", "epochs"),
    ("classify", "--train 0", "0"),
    ("classify", "--validation-share 1.5", "validation_share"),
    ("classify", "--validation-speaker 70000", "--validation-speaker"),
    ("classify", "--validation-speaker 1", "validation_speaker"),
    ("classify", "--validation-share 0.1 --validation-speaker 1", "only one"),
    ("classify", "--set van_rossum_tau=0.0", "van_rossum_tau"),
    ("classify", "--set network.batch=0", "batch"),
    ("classify", "--set network.tau_mem=0.0", "tau_mem"),
    ("classify", "--set data.latency.threshold=1.0", "latency"),
    ("study ratios", "--ratios 1.5", "ratio"),
    ("study ratios", "--ratios a,b", "`a`"),
    ("study ratios", "--sigma-1=-1", "sigma_1"),
    ("study ratios", "--trials 0", "trials"),
    ("study ratios", "--noise=-1", "noise"),
    ("study ratios", "--noise-trials 0", "trials"),
    ("study ratios", "--epochs 0", "epochs"),
    ("study ratios", "--train 0", "0"),
    ("hebb run", "--neurons 0", "neurons is 0"),
    ("hebb run", "--layers 1", "layers"),
    ("hebb run", "--epsilon 1", "epsilon is 1"),
    ("hebb run", "--epsilon nan", "epsilon"),
    ("hebb run", "--mapping 0-0-1-2", "0-0-1-2"),
    ("hebb run", "--mapping 0-1", "mapping 0-1"),
    ("hebb run", "--mapping a-b", "a"),
    ("hebb run", "--types EEEE|EEEX|EEEE", "`X`"),
    ("hebb run", "--inhibitory-inputs 5", "inhibitory_inputs is 5"),
    ("hebb run", "--inhibitory-hidden 50", "inhibitory_hidden is 50"),
    ("hebb run", "--criterion never", "never"),
    ("hebb run", "--max-epochs 0", "max_epochs"),
    ("hebb run", "--trace-epochs 0", "trace_epochs"),
    ("study speed", "--repeats 0", "repeats"),
    ("study speed", "--set times_ms=[5,2]", "times_ms"),
    ("study speed", "--set controls_of=none", "controls_of"),
    ("study speed", "--dataset shd", "shd"),
    ("classify", "--set network.reversal.inhibition=0.5", "reversal.inhibition"),
    ("classify", "--set network.reversal.inhibition=-1", "synapses"),
    ("classify", "--unbounded --set network.synapses=conductance", "Dale"),
    ("classify", "--ratio 1 --set network.feed_forward_inhibition=true", "feed_forward_inhibition"),
    ("classify", "--set network.initial={kind='fluctuation_driven',xi=0}", "initial.xi"),
    ("study ratios", "--set network.initial={kind='fluctuation_driven'}", "network.initial"),
    ("study trained", "--repeats 0", "repeats"),
    ("study trained", "--set noise=[]", "noise"),
    ("study trained", "--set network.recurrent=true", "network.recurrent"),
    ("study dose", "--repeats 0", "repeats"),
    ("study dose", "--set fisher.trials=5", "fisher.trials"),
    ("study dose", "--set lines=[{along='p',values=[2]}]", "lines"),
    ("study hebb", "--neurons 0", "neurons is 0"),
    ("study hebb", "--epsilon=-0.1", "epsilon is -0.1"),
    ("study hebb", "--enumeration no-such", "no-such"),
    ("study hebb", "--neurons 7 --enumeration complete", "enumeration_limit"),
    ("study hebb", "--seeds 0", "seeds"),
    ("study hebb", "--runs-per-cell 0 --enumeration sample", "runs_per_cell"),
    ("study hebb", "--variant-runs 0", "variant_runs"),
    ("study hebb", "--set variant_edges=1", "variant_edges"),
    ("study hebb", "--set kept_epochs=0", "kept_epochs"),
    ("decode", "--stimulus b.npz", "--counts"),
    ("decode", "--counts a.npz --stimulus b.npz", "a.npz"),
    ("decode", "--counts a.npz --stimulus b.npz --bin 0", "bin_ms"),
    ("decode", "--counts a.npz --stimulus b.npz --set folds=2", "folds"),
    ("decode", "--counts a.npz --images b.npz --bin 2", "--bin"),
    ("evaluate", "--part no-such", "no-such"),
    ("train", "--epochs 0 --encoded nowhere", "epochs"),
];

#[test]
fn every_option_out_of_range_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    for (command, words, part) in OPTIONS {
        let mut args: Vec<&str> = command.split(' ').chain(words.split(' ')).collect();
        if ["reconstruct", "encode", "classify", "study ratios"].contains(command) {
            // Few samples, unless the words say how many.
            for few in ["data.train=300", "data.test=20"] {
                args.insert(command.split(' ').count(), few);
                args.insert(command.split(' ').count(), "--set");
            }
            args.extend(["--dataset", "synthetic-digits"]);
        }
        args.extend(["--out", "out"]);
        refuses(&args, dir.path(), &[part], words);
    }
}

#[test]
fn wrong_configuration_files_name_the_place() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let bad = dir.join("bad.toml");
    for (text, part) in [
        ("seed = 1\nno_such_key = 2\n", "bad.toml:2:1"),
        ("[network]\nneurons = 'many'\n", "bad.toml:2:11"),
        ("[network]\nneurons = -1\n", "bad.toml:2:11"),
        ("[network]\nneurons = 1.5\n", "bad.toml:2:11"),
        ("network = 3\n", "bad.toml:1:11"),
        ("[network\n", "bad.toml:1"),
        ("seed = 1\nseed = 2\n", "bad.toml:2"),
        ("seed = \n", "bad.toml:1"),
        ("regimes = 'balanced'\n", "bad.toml:1:11"),
        ("[[network]]\n", "bad.toml:1"),
        ("[training]\nepochs = 99999999999999999999\n", "bad.toml:2"),
        // What is well written and cannot be.
        ("repeats = 0\n", "repeats"),
        ("regimes = ['balanced', 'balanced']\n", "twice"),
        ("[network]\nthreshold = 10.0\nreset = 10.0\n", "reset"),
        ("[network]\nneurons = 10\nexcitatory_in_degree = 20\n", "excitatory_in_degree"),
        ("[network]\nexcitatory_fraction = 1.0\ninhibitory_in_degree = 3\n", "inhibitory"),
        ("[data]\nvalidation = 0\n", "validation"),
    ] {
        fs::write(&bad, text).unwrap();
        refuses(&["demo", "--config", "bad.toml", "--out", "out"], dir, &[part], text);
    }
    fs::write(&bad, [0xff, 0xfe, 0]).unwrap();
    refuses(&["demo", "--config", "bad.toml", "--out", "out"], dir, &["bad.toml"], "no text");
}

#[test]
fn wrong_data_commands_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    for (args, part) in [
        (&["data", "no-such"][..], "no-such"),
        (&["data", "check"], "NAME"),
        (&["data", "check", "synthetic-digits", "--train", "0"], "from 1 to 1000000"),
        (&["data", "check", "synthetic-digits", "--train", "x"], "--train"),
        (&["data", "check", "synthetic-digits", "--test", "100000000"], "from 1 to 1000000"),
        (&["data", "check", "synthetic-digits", "--seed", "-1"], "--seed"),
        (&["data", "fetch"], "NAME"),
        (&["data", "fetch", "synthetic-digits"], "cannot be downloaded"),
        (&["data", "fetch", "mnist", "no-such"], "no-such"),
        (&["data", "make", "mnist", "--out", "x"], "'mnist' cannot be made"),
        (&["data", "make", "synthetic-digits"], "--out"),
        (&["data", "make", "synthetic-digits", "--train", "0", "--out", "x"], "from 1"),
        (&["data", "make", "synthetic-color", "--train", "7", "--out", "x"], "multiple of 5"),
        (&["completions"], "SHELL"),
        (&["completions", "no-such"], "no-such"),
        (&["no-such-command"], "no-such-command"),
        (&["study", "no-such"], "no-such"),
        (&["hebb", "no-such"], "no-such"),
    ] {
        refuses(args, dir.path(), &[part], &args.join(" "));
    }
    // Where a command is missing its help is shown, and the line that says so comes last.
    for args in [&["data"][..], &["hebb"], &["study"], &["stimulate"]] {
        let ran = common::run_in(args, dir.path()).refused(&["no command"]);
        assert!(ran.stderr.contains("Usage:"), "{args:?}: {ran:?}");
    }
}
