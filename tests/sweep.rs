//! `equipoise sweep`: a study made by many processes has the bytes of one that was made by one.

mod common;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use common::{Ran, equipoise, finish, run};

/// Twelve networks, in two seconds.
const MAP: &str = "\
maps = [{ x = { setting = \"g\", values = [3.0, 4.0, 5.0, 6.0] }, \
y = { setting = \"eta\", values = [1.0, 2.0, 3.0] } }]
network = { neurons = 300, duration = 200.0 }
";

fn read(dir: &Path, name: &str) -> String {
    std::fs::read_to_string(dir.join(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
}

/// What a run found: all its files but those that tell of the run itself.
fn found(dir: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let own = ["run.json", "plan.json", "tasks.csv", "timings.csv"];
    let of_run = |path: &Path| {
        let first = path.components().next().map(|c| c.as_os_str().to_owned());
        own.iter().any(|name| path == Path::new(name)) || first.is_some_and(|f| f == "times")
    };
    common::files(dir).into_iter().filter(|(path, _)| !of_run(path)).collect()
}

#[track_caller]
fn equal(a: &Path, b: &Path) {
    let (a, b) = (found(a), found(b));
    let names = |files: &[(PathBuf, Vec<u8>)]| -> Vec<PathBuf> {
        files.iter().map(|(path, _)| path.clone()).collect()
    };
    assert_eq!(names(&a), names(&b));
    for ((path, a), (_, b)) in a.iter().zip(&b) {
        assert!(a == b, "{} differs", path.display());
    }
}

/// A folder with a small map, planned in tasks, and made by one process.
fn map(tasks: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    std::fs::write(dir.path().join("map.toml"), MAP).expect("a file");
    let args = ["balance", "map", "--config", "map.toml", "--out"];
    run(&[&args[..], &["whole"]].concat(), dir.path()).succeeded();
    let plan = [&["sweep", "plan"], &args[..], &["plan", "--tasks", tasks]].concat();
    let ran = run(&plan, dir.path()).succeeded();
    assert!(ran.stdout.starts_with("12 units in "), "{ran:?}");
    dir
}

fn task(dir: &Path, task: usize) -> Ran {
    run(&["sweep", "run", "plan", "--task", &task.to_string()], dir)
}

#[test]
fn tasks_make_what_one_process_makes() {
    let dir = map("7");
    let dir = dir.path();
    let tasks = read(dir, "plan/tasks.csv");
    assert_eq!(tasks.lines().count(), 1 + 12);
    assert!(
        tasks.starts_with("index,task,stage,key,seed,seconds,made_from\n0,0,1,points/1-00001,")
    );
    let last = tasks.lines().last().unwrap();
    assert!(last.starts_with("11,6,1,points/1-00012,0,"), "{last}");
    // In any order, one by its variable and one twice.
    for number in [3, 0, 6, 1, 1] {
        task(dir, number).succeeded();
    }
    let mut by_variable = equipoise(&["sweep", "run", "plan"], dir);
    by_variable.env("SLURM_ARRAY_TASK_ID", "2");
    finish(by_variable).succeeded();
    // What is missing is named, and how to get it.
    let parts = ["units are missing", "points/1-00009", "of the tasks 4-5"];
    run(&["sweep", "collect", "plan"], dir).failed(1, &parts);
    let status = run(&["sweep", "status", "plan", "--json"], dir).succeeded();
    let status: serde_json::Value = serde_json::from_str(&status.stdout).unwrap();
    assert_eq!(status["units"], 12);
    assert_eq!(status["tasks_left"], serde_json::json!([4, 5]));
    let left = status["missing"].as_array().unwrap().len();
    assert_eq!(status["done"], 12 - left);
    for number in [4, 5] {
        task(dir, number).succeeded();
    }
    run(&["sweep", "collect", "plan"], dir).succeeded();
    equal(&dir.join("plan"), &dir.join("whole"));
    // Collected again, it is the same again.
    run(&["sweep", "collect", "plan"], dir).succeeded();
    equal(&dir.join("plan"), &dir.join("whole"));
}

#[test]
fn shares_make_what_one_process_makes() {
    let dir = map("1");
    let dir = dir.path();
    for share in ["2/3", "1/3"] {
        run(&["sweep", "run", "plan", "--shard", share], dir).succeeded();
    }
    let mut ranked = equipoise(&["sweep", "run", "plan"], dir);
    ranked.env("OMPI_COMM_WORLD_RANK", "2").env("OMPI_COMM_WORLD_SIZE", "3");
    finish(ranked).succeeded();
    // The one task has nothing left to do.
    let ran = task(dir, 0).succeeded();
    assert_eq!(ran.stdout, "12 units are there, 0 of them made here\n");
    run(&["sweep", "collect", "plan"], dir).succeeded();
    equal(&dir.join("plan"), &dir.join("whole"));
}

#[test]
fn processes_at_one_task_share_it_and_end_together() {
    let dir = map("1");
    let dir = dir.path();
    let start = || {
        let mut command = equipoise(&["sweep", "run", "plan", "--task", "0"], dir);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let children: Vec<Child> = (0..3).map(|_| start()).collect();
    let mut made = 0;
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.starts_with("12 units are there, "), "{text}");
        made += text.split(' ').nth(4).unwrap().parse::<usize>().unwrap();
    }
    // Each unit was made once.
    assert_eq!(made, 12);
    run(&["sweep", "collect", "plan"], dir).succeeded();
    equal(&dir.join("plan"), &dir.join("whole"));
}

/// Starts a task, and waits until it has made a unit, or has ended.
fn started(dir: &Path, number: &str) -> Child {
    let points = || std::fs::read_dir(dir.join("plan/points")).map_or(0, Iterator::count);
    let before = points();
    let mut command = equipoise(&["sweep", "run", "plan", "--task", number, "--threads", "1"], dir);
    let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let mut child = child.expect("the command starts");
    let until = Instant::now() + Duration::from_secs(60);
    while points() == before && matches!(child.try_wait(), Ok(None)) {
        assert!(Instant::now() < until, "no unit was made");
        std::thread::sleep(Duration::from_millis(2));
    }
    child
}

#[cfg(unix)]
#[test]
fn a_task_that_is_stopped_or_killed_goes_on() {
    let dir = map("1");
    let dir = dir.path();
    for signal in ["-USR1", "-TERM", "-KILL", "-KILL"] {
        let mut child = started(dir, "0");
        let mut kill = std::process::Command::new("kill");
        kill.args([signal, &child.id().to_string()]);
        // It fails if the task has ended before.
        kill.status().unwrap();
        let code = child.wait().unwrap().code();
        if signal == "-KILL" {
            assert!(matches!(code, None | Some(0)), "{code:?}");
        } else {
            assert!(matches!(code, Some(75 | 0)), "{code:?}");
            let claims = std::fs::read_dir(dir.join("plan/claims")).map_or(0, Iterator::count);
            assert_eq!(claims, 0, "a task that was stopped leaves no claims");
        }
    }
    // The claims of the killed are no obstacle.
    let before = Instant::now();
    task(dir, 0).succeeded();
    assert!(before.elapsed() < Duration::from_secs(60));
    run(&["sweep", "collect", "plan"], dir).succeeded();
    equal(&dir.join("plan"), &dir.join("whole"));
}

#[test]
fn stages_follow_each_other() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let args = ["study", "hebb", "--neurons", "3", "--seeds", "2", "--criterion-runs", "4"];
    let args = [&args[..], &["--screening-runs", "2", "--variant-runs", "4", "--out"]].concat();
    run(&[&args[..], &["whole"]].concat(), dir).succeeded();
    run(&[&["sweep", "plan"], &args[..], &["plan", "--tasks", "3"]].concat(), dir).succeeded();
    let mut first = 0;
    for stage in 1..10 {
        let count = read(dir, "plan/tasks.csv").lines().last().map(|line| {
            let task = line.split(',').nth(1).unwrap();
            task.parse::<usize>().unwrap() + 1
        });
        for number in first..count.unwrap() {
            task(dir, number).succeeded();
        }
        first = count.unwrap();
        let ran = run(&["sweep", "collect", "plan", "--tasks", "2"], dir);
        if ran.code == Some(0) {
            assert!(stage > 1, "what depends on the screening is a stage of its own");
            equal(&dir.join("plan"), &dir.join("whole"));
            return;
        }
        ran.failed(75, &[&format!("stage {} is planned", stage + 1)]);
        // A task of the new stage cannot be done before those of the earlier one: they are there.
        assert!(read(dir, "plan/tasks.csv").lines().count() > first);
    }
    panic!("there is no end of stages");
}

#[test]
fn a_grid_is_one_table() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let args = ["sweep", "plan", "hebb", "run", "--neurons", "3", "--grid", "hebb.epsilon=0.1,0.2"];
    let more = ["--grid", "seed=5..8", "--tasks", "4", "--out", "plan"];
    run(&[&args[..], &more].concat(), dir).succeeded();
    for number in 0..4 {
        task(dir, number).succeeded();
    }
    run(&["sweep", "collect", "plan"], dir).succeeded();
    let table = read(dir, "plan/grid.csv");
    let mut rows = csv::Reader::from_reader(table.as_bytes());
    let heading: Vec<String> = rows.headers().unwrap().iter().map(str::to_owned).collect();
    assert_eq!(heading[..3], ["point", "hebb.epsilon", "seed"]);
    let rows: Vec<csv::StringRecord> = rows.records().map(Result::unwrap).collect();
    let point = |row: &csv::StringRecord| (row[1].to_owned(), row[2].to_owned());
    let points: BTreeSet<(String, String)> = rows.iter().map(point).collect();
    assert_eq!((rows.len(), points.len()), (6, 6));
    // Each row has the numbers of the command with these settings.
    for row in [&rows[1], &rows[5]] {
        let out = format!("alone-{}", &row[0]);
        let (epsilon, seed) = point(row);
        let args = ["hebb", "run", "--neurons", "3", "--epsilon", &epsilon, "--seed", &seed];
        run(&[&args[..], &["--out", &out]].concat(), dir).succeeded();
        let metrics: serde_json::Value =
            serde_json::from_str(&read(dir, &format!("{out}/metrics.json"))).unwrap();
        for (name, value) in metrics.as_object().unwrap() {
            let column = heading.iter().position(|h| h == name).unwrap();
            assert_eq!(row[column].parse::<f64>().unwrap(), value.as_f64().unwrap(), "{name}");
        }
        // And is a run of its own.
        let point = dir.join(format!("plan/points/{:05}", row[0].parse::<usize>().unwrap()));
        assert_eq!(read(&point, "network.json"), read(&dir.join(&out), "network.json"));
        assert_eq!(read(&point, "config.toml"), read(&dir.join(&out), "config.toml"));
    }
    assert!(dir.join("plan/figures/grid.svg").is_file());
}

#[test]
fn what_makes_no_sense_is_refused_in_one_line() {
    let dir = map("3");
    let dir = dir.path();
    let before = common::tree(dir);
    let refuse = |args: &[&str], parts: &[&str]| {
        run(args, dir).refused(parts);
    };
    refuse(&["sweep", "run", "plan", "--task", "3"], &["task 3", "from 0 to 2"]);
    refuse(&["sweep", "run", "plan", "--shard", "0/2"], &["i/n"]);
    refuse(&["sweep", "run", "plan"], &["--task", "SLURM_ARRAY_TASK_ID"]);
    refuse(&["sweep", "run", "none", "--task", "0"], &["none", "no such directory"]);
    refuse(&["sweep", "run", "whole", "--task", "0"], &["whole", "not a plan"]);
    refuse(&["sweep", "status", "whole"], &["whole", "not a plan"]);
    refuse(&["sweep", "collect", "map.toml"], &["map.toml"]);
    refuse(&["sweep", "plan", "data", "list"], &["compute"]);
    refuse(&["sweep", "plan", "balance", "map", "--out", "plan"], &["not empty"]);
    refuse(&["sweep", "plan", "balance", "mop"], &["mop"]);
    let grid = |axis: &str, parts: &[&str]| {
        refuse(&["sweep", "plan", "hebb", "run", "--out", "new", "--grid", axis], parts);
    };
    grid("hebb.epsilon=0.1,2.0", &["hebb.epsilon=2.0", "epsilon is 2"]);
    grid("hebb.epsylon=0.1", &["hebb.epsylon", "epsilon"]);
    grid("hebb.epsilon=1:0:1", &["the step"]);
    grid("hebb.epsilon", &["key="]);
    let classify = ["sweep", "plan", "classify", "--dataset", "mnist", "--out", "new"];
    refuse(&classify, &["mnist"]);
    let mut odd = equipoise(&["sweep", "run", "plan"], dir);
    odd.env("HQ_TASK_ID", "one");
    finish(odd).refused(&["HQ_TASK_ID=one"]);
    assert!(common::tree(dir) == before, "a refused request writes nothing");
}

#[test]
fn a_plan_that_was_changed_is_refused_and_what_was_made_stays() {
    let dir = map("3");
    let dir = dir.path();
    task(dir, 1).succeeded();
    let (tasks, config) = (read(dir, "plan/tasks.csv"), read(dir, "plan/config.toml"));
    let points = common::tree(&dir.join("plan/points"));
    std::fs::write(dir.join("plan/tasks.csv"), tasks.replacen(",0,1,", ",1,1,", 1)).unwrap();
    task(dir, 0).refused(&["tasks.csv was changed"]);
    run(&["sweep", "collect", "plan"], dir).refused(&["tasks.csv was changed"]);
    std::fs::write(dir.join("plan/tasks.csv"), tasks).unwrap();
    let changed = config.replacen("seed = 0", "seed = 1", 1);
    assert_ne!(changed, config);
    std::fs::write(dir.join("plan/config.toml"), changed).unwrap();
    task(dir, 0).refused(&["`seed` is 0 in this run and 1 here"]);
    std::fs::write(dir.join("plan/config.toml"), config).unwrap();
    assert!(common::tree(&dir.join("plan/points")) == points);
    for number in [0, 2] {
        task(dir, number).succeeded();
    }
    // A unit that was damaged since is said to be, and made again.
    let unit = dir.join("plan/points/1-00003.json");
    let bytes = std::fs::read(&unit).unwrap();
    std::fs::write(&unit, &bytes[..bytes.len() / 2]).unwrap();
    let ran = run(&["sweep", "collect", "plan"], dir).succeeded();
    assert!(ran.stderr.contains("points/1-00003.json is damaged"), "{ran:?}");
    equal(&dir.join("plan"), &dir.join("whole"));
}

#[test]
fn other_data_than_those_that_were_planned_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let images = |shade: u8| {
        for part in ["train", "test"] {
            for class in ["a", "b"] {
                let folder = dir.join("photos").join(part).join(class);
                std::fs::create_dir_all(&folder).unwrap();
                for k in 0..4_u8 {
                    let pixel = |x: u32, y: u32| image::Luma([(x * 9 + y * 5) as u8 ^ (k * shade)]);
                    let picture = image::GrayImage::from_fn(16, 16, pixel);
                    picture.save(folder.join(format!("{k}.png"))).unwrap();
                }
            }
        }
    };
    images(3);
    let args = ["sweep", "plan", "classify", "--dataset", "folder:photos", "--epochs", "1"];
    let more = ["--set", "network.hidden=10", "--set", "network.batch=4", "--out", "plan"];
    run(&[&args[..], &more].concat(), dir).succeeded();
    // A grid over several sets reads all of them, one over seeds the one that it has.
    for (grid, out) in
        [("data.dataset=synthetic-digits,folder:photos", "sets"), ("seed=0..2", "seeds")]
    {
        let args = [
            &args[..],
            &more[..4],
            &["--grid", grid, "--train", "6", "--tasks", "2", "--out", out],
        ]
        .concat();
        run(&args, dir).succeeded();
    }
    let first_of = |plan: &str| run(&["sweep", "run", plan, "--task", "0"], dir);
    first_of("seeds").succeeded();
    images(7);
    task(dir, 0).refused(&["training", "not those that were planned"]);
    first_of("sets").refused(&["points/00001", "not those that were planned"]);
    let last = run(&["sweep", "run", "seeds", "--task", "1"], dir);
    last.refused(&["points/00002", "not those that were planned"]);
    std::fs::rename(dir.join("photos"), dir.join("away")).unwrap();
    task(dir, 0).refused(&["photos"]);
    std::fs::rename(dir.join("away"), dir.join("photos")).unwrap();
    images(3);
    task(dir, 0).succeeded();
    run(&["sweep", "collect", "plan"], dir).succeeded();
    for plan in ["sets", "seeds"] {
        run(&["sweep", "run", plan, "--shard", "1/1"], dir).succeeded();
        run(&["sweep", "collect", plan], dir).succeeded();
    }
    images(7);
    for plan in ["sets", "seeds"] {
        let ran = run(&["sweep", "collect", plan], dir);
        ran.refused(&["points/00001", "made from other data.points/0000"]);
    }
}

#[test]
fn scripts_have_what_engines_need() {
    let dir = map("4");
    let dir = dir.path();
    task(dir, 1).succeeded();
    let script = |engine: &str, more: &[&str]| {
        let args = ["sweep", "submit", "plan", "--engine", engine, "--limit", "2", "--cpus", "2"];
        run(&[&args[..], more].concat(), dir).succeeded().stdout
    };
    let slurm = script("slurm", &["--", "--partition=long"]);
    for line in [
        "#SBATCH --array=0,2-3%2",
        "#SBATCH --cpus-per-task=2",
        "#SBATCH --time=10",
        "#SBATCH --requeue",
        "#SBATCH --signal=B:USR1@90",
        "#SBATCH --partition=long",
    ] {
        assert!(slurm.lines().any(|l| l == line), "{line} is not in {slurm}");
    }
    assert!(script("hyperqueue", &[]).contains("--array 0,2-3"));
    // The one for this machine is run.
    let args = ["sweep", "submit", "plan", "--engine", "local", "--limit", "2", "--submit"];
    run(&args, dir).succeeded();
    run(&["sweep", "submit", "plan", "--engine", "local"], dir).refused(&["every task is done"]);
    run(&["sweep", "collect", "plan"], dir).succeeded();
    equal(&dir.join("plan"), &dir.join("whole").canonicalize().unwrap());
}
