use std::fs;

use serde::{Deserialize, Serialize};
use tempfile::tempdir;

use super::lock::LOCK_FILE;
use super::log::cut_torn_line;
use super::*;
use crate::table::Column;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Training {
    epochs: u32,
    rate: f64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Config {
    name: String,
    training: Training,
}

fn config() -> Config {
    Config { name: "a \"quoted\" name".to_string(), training: Training { epochs: 10, rate: 0.1 } }
}

fn info() -> RunInfo {
    RunInfo::new("demo", "1.2.3", 7)
}

fn names(path: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(path)
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_run_from_start_to_end() {
    let base = tempdir().unwrap();
    let out = base.path().join("deep/out");
    let run = RunDir::create(Some(&out), &info(), &config()).unwrap();
    assert_eq!(RunDir::stored_record(&out).unwrap().state, RunState::Running);
    assert_eq!(RunDir::stored_config::<Config>(&out).unwrap(), config());
    let mut table = Table::new("t").column(Column::number("x"));
    table.row([1.5.into()]);
    run.write_csv("tables/results", &table).unwrap();
    assert_eq!(fs::read_to_string(out.join("tables/results.csv")).unwrap(), "x\n1.5\n");
    run.write_records("records", [Training { epochs: 1, rate: 0.5 }]).unwrap();
    assert_eq!(fs::read_to_string(out.join("records.csv")).unwrap(), "epochs,rate\n1,0.5\n");
    let mut report = crate::Report::new("Report");
    report.table("results", &table).figure("f", &equipoise_figure::Figure::new(), "caption");
    let path = run.save_report(&report).unwrap();
    let html = fs::read_to_string(path).unwrap();
    assert!(html.contains("epochs = 10") && html.contains("<dd>7</dd>"), "configuration and seed");
    assert!(out.join("figures/f.svg").exists() && out.join("figures/f.png").exists());
    assert_eq!(run.finish().unwrap(), out);
    let record = RunDir::stored_record(&out).unwrap();
    assert_eq!((record.state, record.seed, record.version.as_str()), (RunState::Done, 7, "1.2.3"));
    assert!(record.end.is_some() && record.machine.cores >= 1 && !record.machine.cpu.is_empty());
    assert_eq!(
        names(&out),
        [
            "config.toml",
            "figures",
            "records.csv",
            "report.html",
            "results.csv",
            "run.json",
            "tables"
        ]
    );
}

#[test]
fn failure_and_drop_are_recorded() {
    let base = tempdir().unwrap();
    let failed = base.path().join("failed");
    RunDir::create(Some(&failed), &info(), &config()).unwrap().fail(&"it broke").unwrap();
    let record = RunDir::stored_record(&failed).unwrap();
    assert_eq!((record.state, record.error.as_deref()), (RunState::Failed, Some("it broke")));
    let dropped = base.path().join("dropped");
    drop(RunDir::create(Some(&dropped), &info(), &config()).unwrap());
    assert_eq!(RunDir::stored_record(&dropped).unwrap().state, RunState::Interrupted);
}

#[test]
fn an_occupied_directory_is_refused_and_untouched() {
    let base = tempdir().unwrap();
    fs::write(base.path().join("precious.txt"), "x").unwrap();
    let error = RunDir::create(Some(base.path()), &info(), &config()).unwrap_err();
    assert!(matches!(&error, RunDirError::Occupied { found, .. } if found == "precious.txt"));
    assert_eq!(error.exit_code(), 2);
    assert_eq!(names(base.path()), ["precious.txt"]);
    let file = base.path().join("precious.txt");
    for path in [file.clone(), file.join("below")] {
        let error = RunDir::create(Some(&path), &info(), &config()).unwrap_err();
        assert!(matches!(error, RunDirError::NotADirectory { .. }), "{error}");
        assert_eq!(error.exit_code(), 2);
    }
}

#[test]
fn default_names_never_collide() {
    let base = tempdir().unwrap();
    let made: BTreeSet<PathBuf> =
        (0..4).map(|_| claim_new(base.path(), "study/hebb").unwrap()).collect();
    assert_eq!(made.len(), 4);
    assert!(made.iter().all(|p| p.parent() == Some(base.path())));
}

#[test]
fn names_stay_inside() {
    let base = tempdir().unwrap();
    let run = RunDir::create(Some(&base.path().join("r")), &info(), &config()).unwrap();
    for name in ["", "/etc/x", "../x", "a/../../x", "a/", "a\nb", "c\\d"] {
        let error = run.write_file(name, b"x").unwrap_err();
        assert!(matches!(error, RunDirError::InvalidName { .. }), "{name:?}");
    }
    run.write_file("a/b.c-d_e", b"x").unwrap();
}

#[test]
fn a_failed_write_leaves_the_old_file_and_nothing_else() {
    let base = tempdir().unwrap();
    let path = base.path().join("file");
    atomic_write(&path, b"old").unwrap();
    let error = atomic_write_with(&path, |writer| {
        writer.write_all(&[0; 200_000])?;
        Err(io::Error::from(io::ErrorKind::StorageFull))
    })
    .unwrap_err();
    assert!(matches!(&error, RunDirError::DiskFull { path: p, .. } if *p == path), "{error}");
    assert_eq!(error.exit_code(), 1);
    assert_eq!(fs::read(&path).unwrap(), b"old");
    assert_eq!(names(base.path()), ["file"]);
}

#[test]
fn permission_and_other_errors_are_typed() {
    let path = Path::new("p");
    let error = |kind: io::ErrorKind| RunDirError::from_io("write", path, io::Error::from(kind));
    assert!(matches!(error(io::ErrorKind::PermissionDenied), RunDirError::PermissionDenied { .. }));
    assert!(matches!(error(io::ErrorKind::QuotaExceeded), RunDirError::DiskFull { .. }));
    assert!(matches!(error(io::ErrorKind::TimedOut), RunDirError::Io { .. }));
    assert!(!error(io::ErrorKind::PermissionDenied).is_request());
}

#[test]
fn resume_continues_and_cleans_up_after_a_kill() {
    let base = tempdir().unwrap();
    let out = base.path().join("r");
    let run = RunDir::create(Some(&out), &info(), &config()).unwrap();
    run.append_jsonl("epochs", &Training { epochs: 1, rate: 0.5 }).unwrap();
    run.append_jsonl("epochs", &Training { epochs: 2, rate: 0.25 }).unwrap();
    // As after SIGKILL: no record of the end, a torn line, a temporary file, a lock file that nobody holds.
    std::mem::forget(run);
    release_forgotten_lock(&out);
    let log = out.join("epochs.jsonl");
    let whole = fs::read(&log).unwrap();
    fs::write(&log, [&whole[..], b"{\"epochs\":3,\"ra"].concat()).unwrap();
    fs::create_dir(out.join("figures")).unwrap();
    fs::write(out.join("figures/.x.png.tmp-1-2"), "half").unwrap();
    fs::write(out.join(".keep"), "hidden files of others stay").unwrap();
    let record = RunDir::stored_record(&out).unwrap();
    assert_eq!(record.state, RunState::Running);
    assert_eq!(RunDir::standing(&out, &record), Standing::Stopped);

    let run = RunDir::resume(&out, &info(), Some(&config())).unwrap();
    assert_eq!(RunDir::standing(&out, run.record()), Standing::Running);
    assert_eq!(fs::read(&log).unwrap(), whole);
    assert!(names(&out.join("figures")).is_empty());
    assert!(out.join(".keep").exists());
    assert_eq!(run.record().resumed.len(), 1);
    run.truncate_jsonl("epochs", 1).unwrap();
    run.append_jsonl("epochs", &Training { epochs: 2, rate: 0.125 }).unwrap();
    let log: Vec<Training> = run.read_jsonl("epochs").unwrap();
    assert_eq!(log.iter().map(|t| t.rate).collect::<Vec<_>>(), [0.5, 0.125]);
    assert!(run.read_jsonl::<Training>("absent").unwrap().is_empty());
    run.finish().unwrap();
    let record = RunDir::stored_record(&out).unwrap();
    assert_eq!((record.state, record.resumed.len()), (RunState::Done, 1));
    assert_eq!(RunDir::standing(&out, &record), Standing::Done);
}

#[test]
fn a_configuration_in_other_words_is_refused() {
    let base = tempdir().unwrap();
    let out = base.path().join("r");
    drop(RunDir::create(Some(&out), &info(), &config()).unwrap());
    let file = out.join(CONFIG_FILE);
    let as_written = fs::read_to_string(&file).unwrap();
    for words in [format!("\n{as_written}"), format!("# mine\n{as_written}\n\n")] {
        fs::write(&file, words).unwrap();
        let refused = RunDir::resume(&out, &info(), Some(&config())).unwrap_err();
        assert!(matches!(refused, RunDirError::NotARun { .. }), "{refused}");
    }
    fs::write(&file, as_written).unwrap();
    assert!(RunDir::resume(&out, &info(), Some(&config())).is_ok());
}

const CHILD_DIRECTORY: &str = "EQUIPOISE_TEST_CHILD_DIRECTORY";

/// Not a test of its own: the process that the next test kills.
#[test]
fn child_that_works_until_it_is_killed() {
    let Some(out) = std::env::var_os(CHILD_DIRECTORY) else { return };
    let run = RunDir::create(Some(Path::new(&out)), &info(), &config()).unwrap();
    for epoch in 0.. {
        run.append_jsonl("epochs", &Training { epochs: epoch, rate: 0.5 }).unwrap();
        run.save_checkpoint("model", &vec![epoch as u8; 300_000]).unwrap();
        run.write_file("model.bin", &vec![epoch as u8; 300_000]).unwrap();
    }
}

#[test]
fn a_killed_process_leaves_a_run_that_resumes() {
    for delay in [0, 7, 23] {
        let base = tempdir().unwrap();
        let out = base.path().join("r");
        let mut child = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "run_dir::tests::child_that_works_until_it_is_killed"])
            .env(CHILD_DIRECTORY, &out)
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        let started = std::time::Instant::now();
        while !out.join("model.bin").exists() && started.elapsed().as_secs() < 60 {
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
        assert!(matches!(
            RunDir::resume::<Config>(&out, &info(), None),
            Err(RunDirError::Locked { .. })
        ));
        std::thread::sleep(std::time::Duration::from_millis(delay));
        child.kill().unwrap();
        child.wait().unwrap();

        let run = RunDir::resume(&out, &info(), Some(&config())).unwrap();
        let checkpoint = run.load_checkpoint("model").unwrap().unwrap();
        assert!(checkpoint.refused.is_empty());
        assert_eq!(checkpoint.payload, vec![(checkpoint.generation - 1) as u8; 300_000]);
        let log: Vec<Training> = run.read_jsonl("epochs").unwrap();
        assert!(log.len() as u64 >= checkpoint.generation);
        let model = fs::read(out.join("model.bin")).unwrap();
        assert!(model.len() == 300_000 && model.iter().all(|b| *b == model[0]));
        let left = atomic::files_below(&out).unwrap();
        assert!(left.iter().all(|p| !p.to_string_lossy().contains(".tmp-")), "{left:?}");
    }
}

/// A forgotten `RunDir` still holds its lock in this process; replacing the file is what a new process would see
/// after the old one died, except that the lock file is still there.
fn release_forgotten_lock(out: &Path) {
    fs::remove_file(out.join(LOCK_FILE)).unwrap();
    fs::write(out.join(LOCK_FILE), "4294967294 0\n").unwrap();
}

#[test]
fn torn_lines_of_every_kind_are_cut() {
    let base = tempdir().unwrap();
    let path = base.path().join("log.jsonl");
    for (content, kept) in [
        (&b""[..], &b""[..]),
        (b"{\"a\":1}\n", b"{\"a\":1}\n"),
        (b"{\"a\":1}", b""),
        (b"{\"a\":1}\n{\"a\"", b"{\"a\":1}\n"),
        (b"{\"a\":1}\n{\"a\"\n", b"{\"a\":1}\n"),
        (b"{\"a\":1}\n\0\0\0\n\0\0", b"{\"a\":1}\n"),
        (b"\n", b""),
    ] {
        fs::write(&path, content).unwrap();
        cut_torn_line(&path).unwrap();
        assert_eq!(fs::read(&path).unwrap(), kept, "{:?}", String::from_utf8_lossy(content));
    }
}

#[test]
fn resume_refuses_what_is_not_the_same_run() {
    let base = tempdir().unwrap();
    let out = base.path().join("r");
    RunDir::create(Some(&out), &info(), &config()).unwrap().interrupt().unwrap();
    let refuse =
        |info: &RunInfo, config: &Config| RunDir::resume(&out, info, Some(config)).unwrap_err();

    let mut other = config();
    other.training.epochs = 20;
    let error = refuse(&info(), &other);
    assert!(
        error.to_string().contains("`training.epochs` is 10 in this run and 20 here"),
        "{error}"
    );
    assert_eq!(error.exit_code(), 2);
    let error = refuse(&RunInfo::new("other", "1.2.3", 7), &config());
    assert!(matches!(error, RunDirError::OtherCommand { .. }));
    let error = refuse(&RunInfo::new("demo", "1.2.3", 8), &config());
    assert!(matches!(&error, RunDirError::ConfigMismatch { key, .. } if key == "seed"));

    let missing = base.path().join("missing");
    let resume = |dir: &Path| RunDir::resume::<Config>(dir, &info(), None).unwrap_err();
    assert!(matches!(resume(&missing), RunDirError::Missing { .. }));
    assert!(matches!(resume(&out.join("run.json")), RunDirError::NotADirectory { .. }));
    let error = resume(base.path());
    assert!(matches!(error, RunDirError::NotARun { .. }));
    assert_eq!(error.exit_code(), 2);
    for garbage in [&b"{"[..], b"", b"{}", b"\xff\xfe"] {
        fs::write(out.join("run.json"), garbage).unwrap();
        assert!(matches!(resume(&out), RunDirError::NotARun { .. }));
    }
}

#[test]
fn an_edited_run_is_refused() {
    let base = tempdir().unwrap();
    let out = base.path().join("r");
    RunDir::create(Some(&out), &info(), &config()).unwrap().interrupt().unwrap();
    let resume = || RunDir::resume::<Config>(&out, &info(), None);
    let files = ["config.toml", "run.json"].map(|name| out.join(name));
    let texts = files.each_ref().map(|path| fs::read_to_string(path).unwrap());
    fs::write(&files[0], texts[0].replace("10", "11")).unwrap();
    match resume().unwrap_err() {
        RunDirError::ConfigMismatch { key, .. } => assert_eq!(key, "training.epochs"),
        other => panic!("{other}"),
    }
    fs::write(&files[0], &texts[0]).unwrap();
    for (from, to) in [("10", "11"), ("interrupted", "done"), ("\"seed\": 7", "\"seed\": 8")] {
        let changed = texts[1].replace(from, to);
        assert_ne!(changed, texts[1], "{from}");
        fs::write(&files[1], changed).unwrap();
        assert!(matches!(resume(), Err(RunDirError::NotARun { .. })), "{from} to {to}");
    }
    // Spaces are no content.
    fs::write(&files[1], texts[1].replace("\n", " ")).unwrap();
    resume().unwrap().finish().unwrap();
}

#[test]
fn a_directory_removed_meanwhile_is_not_made_again() {
    let base = tempdir().unwrap();
    let out = base.path().join("r");
    let run = RunDir::create(Some(&out), &info(), &config()).unwrap();
    fs::remove_dir_all(&out).unwrap();
    let error = run.write_file("cells/1.json", b"{}").unwrap_err();
    assert!(matches!(error, RunDirError::Vanished { .. }), "{error}");
    assert_eq!(error.exit_code(), 1);
    assert!(!out.exists());
}

#[cfg(unix)]
#[test]
fn a_link_in_place_of_the_lock_is_not_followed() {
    let base = tempdir().unwrap();
    let (out, other) = (base.path().join("r"), base.path().join("thesis.tex"));
    fs::create_dir(&out).unwrap();
    fs::write(&other, "years of work").unwrap();
    std::os::unix::fs::symlink(&other, out.join(LOCK_FILE)).unwrap();
    RunDir::create(Some(&out), &info(), &config()).unwrap_err();
    assert_eq!(fs::read_to_string(&other).unwrap(), "years of work");
}

#[test]
fn two_users_at_once_are_refused_and_a_stale_lock_is_taken_over() {
    let base = tempdir().unwrap();
    let out = base.path().join("r");
    let run = RunDir::create(Some(&out), &info(), &config()).unwrap();
    let error = RunDir::resume::<Config>(&out, &info(), None).unwrap_err();
    let RunDirError::Locked { pid, .. } = &error else { panic!("{error}") };
    assert_eq!(*pid, std::process::id().to_string());
    assert_eq!(error.exit_code(), 2);
    assert!(matches!(
        RunDir::create(Some(&out), &info(), &config()).unwrap_err(),
        RunDirError::Occupied { .. }
    ));
    drop(run);
    fs::write(out.join(LOCK_FILE), "4294967294 0\n").unwrap();
    RunDir::resume::<Config>(&out, &info(), None).unwrap().finish().unwrap();
    assert!(!out.join(LOCK_FILE).exists());
}

#[test]
fn checkpoints_keep_two_generations_and_refuse_damage() {
    let base = tempdir().unwrap();
    let out = base.path().join("r");
    let run = RunDir::create(Some(&out), &info(), &config()).unwrap();
    assert_eq!(run.load_checkpoint("model").unwrap(), None);
    for generation in 1..=4_u8 {
        assert_eq!(
            run.save_checkpoint("model", &[generation; 1000]).unwrap(),
            u64::from(generation)
        );
    }
    run.save_checkpoint("model-best", b"another name").unwrap();
    run.save_checkpoint("seed-0/model", b"").unwrap();
    let directory = out.join("checkpoints");
    assert_eq!(
        names(&directory),
        ["model-000003.ckpt", "model-000004.ckpt", "model-best-000001.ckpt", "seed-0"]
    );
    assert_eq!(run.load_checkpoint("seed-0/model").unwrap().unwrap().payload, b"");
    assert_eq!(run.load_checkpoint("model").unwrap().unwrap().payload, [4; 1000]);

    let newest = directory.join("model-000004.ckpt");
    let intact = fs::read(&newest).unwrap();
    // Every kind of damage: each byte flipped in turn would do; a sample of places and lengths.
    let mut damaged: Vec<Vec<u8>> = (0..intact.len())
        .step_by(37)
        .map(|place| {
            let mut bytes = intact.clone();
            bytes[place] ^= 1;
            bytes
        })
        .collect();
    damaged.extend([0, 5, 55, 56, 1000, intact.len() - 1].map(|length| intact[..length].to_vec()));
    damaged.push([&intact[..], b"x"].concat());
    damaged.push(fs::read(directory.join("model-000003.ckpt")).unwrap());
    for bytes in damaged {
        fs::write(&newest, &bytes).unwrap();
        let loaded = run.load_checkpoint("model").unwrap().unwrap();
        assert_eq!((loaded.generation, &loaded.payload[..]), (3, &[3; 1000][..]));
        assert_eq!(loaded.refused.len(), 1);
        assert_eq!(loaded.refused[0].path, newest);
        assert!(!newest.exists() && newest.with_extension("refused").exists());
    }
    // The intact older one is kept beside the next save.
    run.save_checkpoint("model", &[9; 3]).unwrap();
    assert_eq!(run.load_checkpoint("model").unwrap().unwrap().payload, [9; 3]);
    assert!(directory.join("model-000003.ckpt").exists());

    for file in ["model-000003.ckpt", "model-000004.ckpt"] {
        fs::write(directory.join(file), "junk").unwrap();
    }
    let error = run.load_checkpoint("model").unwrap_err();
    assert!(matches!(error, RunDirError::CheckpointsDamaged { .. }));
    assert_eq!(error.exit_code(), 1);
}

#[test]
fn checkpoints_of_one_name_are_removed() {
    let base = tempdir().unwrap();
    let run = RunDir::create(Some(&base.path().join("out")), &info(), &config()).unwrap();
    run.remove_checkpoints("model").unwrap();
    for name in ["model", "model", "model-1"] {
        run.save_checkpoint(name, name.as_bytes()).unwrap();
    }
    run.remove_checkpoints("model").unwrap();
    assert_eq!(run.load_checkpoint("model").unwrap(), None);
    assert_eq!(run.load_checkpoint("model-1").unwrap().unwrap().payload, b"model-1");
    run.remove_checkpoints("model-1").unwrap();
    run.save_checkpoint("trials/1/state", b"x").unwrap();
    run.remove_checkpoints("trials/1/state").unwrap();
    run.finish().unwrap();
    assert!(!base.path().join("out/checkpoints").exists());
}

#[test]
fn checkpoints_of_several_threads_do_not_take_the_directory_from_each_other() {
    let base = tempdir().unwrap();
    let run = RunDir::create(Some(&base.path().join("out")), &info(), &config()).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let run = &run;
            scope.spawn(move || {
                for _ in 0..100 {
                    let name = format!("trials/{thread}");
                    run.save_checkpoint(&name, b"state").unwrap();
                    run.remove_checkpoints(&name).unwrap();
                }
            });
        }
    });
}

#[test]
fn a_look_makes_nothing() {
    let base = tempdir().unwrap();
    let out = base.path().join("out");
    RunDir::check_free(&out).unwrap();
    assert!(!out.exists());
    fs::create_dir(&out).unwrap();
    RunDir::check_free(&out).unwrap();
    fs::write(out.join("thesis.tex"), "x").unwrap();
    let error = RunDir::check_free(&out).unwrap_err();
    assert!(error.to_string().contains("thesis.tex"), "{error}");
    for taken in ["thesis.tex", "thesis.tex/run"] {
        let error = RunDir::check_free(&out.join(taken)).unwrap_err();
        assert!(matches!(error, RunDirError::NotADirectory { .. }), "{error}");
    }
}

/// A directory in the place of the first file stands for a disk that takes no file.
#[test]
fn a_run_that_cannot_start_leaves_nothing() {
    let base = tempdir().unwrap();
    let out = base.path().join("out");
    fs::create_dir(&out).unwrap();
    fs::create_dir(out.join(".lock")).unwrap();
    RunDir::create(Some(&out), &info(), &config()).unwrap_err();
    assert_eq!(names(&out), [".lock"]);
    let deep = base.path().join("x".repeat(300));
    RunDir::create(Some(&deep), &info(), &config()).unwrap_err();
    assert_eq!(names(base.path()), ["out"]);
}
