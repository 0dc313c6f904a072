use std::sync::Mutex;

use super::*;

/// Keeps remarks, and stops when told to.
#[derive(Default)]
struct Witness {
    remarks: Mutex<Vec<String>>,
    stop: AtomicBool,
}

impl Observer for Witness {
    fn observe(&self, event: &Event<'_>) -> ControlFlow<()> {
        if let Event::Remark(text) = event {
            self.remarks.lock().unwrap().push((*text).to_owned());
        }
        if self.stop.load(Ordering::Relaxed) {
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }
}

fn identity(data: &str) -> Identity {
    Identity::new().with("data", data)
}

#[test]
fn a_unit_is_computed_once_and_again_if_it_is_damaged() {
    let (witness, memory) = (Witness::default(), Memory::default());
    let context = Context::new(&witness, &memory);
    let run = |value: u32| context.unit("a/b", &identity("x"), || Ok(value));
    assert_eq!(run(1).unwrap(), 1);
    assert_eq!(run(2).unwrap(), 1);
    let mut bytes = memory.read("a/b.json").unwrap().unwrap();
    let last = bytes.len() - 2;
    bytes[last] = b'7';
    memory.write("a/b.json", &bytes).unwrap();
    assert_eq!(run(3).unwrap(), 3);
    assert_eq!(run(4).unwrap(), 3);
    assert_eq!(witness.remarks.lock().unwrap().len(), 1);
}

#[test]
fn a_unit_of_something_else_is_refused() {
    let memory = Memory::default();
    let context = Context::new(Silent, &memory);
    context.unit("a", &identity("x"), || Ok(1)).unwrap();
    let error = context.unit("a", &identity("y"), || Ok(1)).unwrap_err();
    match error {
        StudyError::MadeFromOther { name, part, stored, given } => {
            assert_eq!([name, part, stored, given], ["a.json", "data", "x", "y"]);
        }
        other => panic!("{other}"),
    }
}

#[test]
fn a_failed_unit_leaves_nothing() {
    let memory = Memory::default();
    let context = Context::new(Silent, &memory);
    let failed = context.unit::<u32, _>("a", &identity("x"), || Err(StudyError::Stopped));
    assert!(matches!(failed, Err(StudyError::Stopped)));
    assert!(memory.names().is_empty());
}

#[test]
fn a_request_to_stop_ends_the_study_before_the_next_unit() {
    let (witness, memory) = (Witness::default(), Memory::default());
    let context = Context::new(&witness, &memory);
    context.unit("a", &identity("x"), || Ok(1)).unwrap();
    witness.stop.store(true, Ordering::Relaxed);
    // What is there is still read: it costs nothing.
    assert_eq!(context.unit("a", &identity("x"), || Ok(2)).unwrap(), 1);
    let stopped = context.unit("b", &identity("x"), || Ok(2));
    assert!(matches!(stopped, Err(StudyError::Stopped)));
    assert_eq!(memory.names(), ["a.json"]);
}

#[test]
fn a_unit_whose_file_is_gone_is_made_again() {
    let (witness, memory) = (Witness::default(), Memory::default());
    let context = Context::new(&witness, &memory);
    let run = |value: u8| {
        context.unit_with_files(
            "a",
            &identity("x"),
            |file: &Artefact| vec![file.clone()],
            || context.write("model.bin", &[value]),
        )
    };
    let file = run(1).unwrap();
    assert_eq!(context.read(&file).unwrap(), [1]);
    assert_eq!(run(2).unwrap(), file);
    memory.write("model.bin", &[9]).unwrap();
    assert!(matches!(context.read(&file), Err(StudyError::Damaged { .. })));
    let again = run(3).unwrap();
    assert_eq!(context.read(&again).unwrap(), [3]);
    assert_eq!(witness.remarks.lock().unwrap().len(), 1);
}

#[test]
fn checkpoints_belong_to_what_they_were_made_from() {
    let base = tempfile::tempdir().unwrap();
    let info = equipoise_report::RunInfo::new("test", "0", 0);
    let config = std::collections::BTreeMap::from([("seed", 0)]);
    let out = base.path().join("run");
    let dir = equipoise_report::RunDir::create(Some(&out), &info, &config).unwrap();
    let witness = Witness::default();
    let context = Context::new(&witness, &dir);
    assert_eq!(context.load_checkpoint("m", &identity("x")).unwrap(), None);
    context.save_checkpoint("m", &identity("x"), b"one").unwrap();
    context.save_checkpoint("m", &identity("x"), b"two").unwrap();
    assert_eq!(context.load_checkpoint("m", &identity("x")).unwrap().unwrap(), b"two");
    let other = context.load_checkpoint("m", &identity("y"));
    assert!(matches!(other, Err(StudyError::MadeFromOther { .. })));
    for file in std::fs::read_dir(out.join("checkpoints")).unwrap() {
        std::fs::write(file.unwrap().path(), b"junk").unwrap();
    }
    assert_eq!(context.load_checkpoint("m", &identity("x")).unwrap(), None);
    assert_eq!(witness.remarks.lock().unwrap().len(), 1);
}

/// Leaves the units of one key to another process, and notes those that are made here.
#[derive(Default)]
struct LeavesB {
    made: Mutex<Vec<String>>,
}

impl Division for LeavesB {
    fn ask(&self, unit: &Unit<'_>, _: &Identity) -> Result<Share, StudyError> {
        Ok(if unit.key == "b" { Share::There } else { Share::Here })
    }

    fn found(&self, _: &str) {}

    fn begin(&self, _: &str) -> Result<bool, StudyError> {
        Ok(true)
    }

    fn end(&self, key: &str, _: f64, error: Option<StudyError>) -> Result<(), StudyError> {
        self.made.lock().unwrap().push(key.to_owned());
        error.map_or(Ok(()), Err)
    }
}

#[test]
fn units_of_other_processes_are_deferred_until_they_are_there() {
    let (memory, division) = (Memory::default(), LeavesB::default());
    let study = |context: &Context<'_>| {
        gather(["a", "b", "c"].map(|key| context.unit(key, &identity("x"), || Ok(key.to_owned()))))
    };
    let context = Context::new(Silent, &memory).divided(&division);
    assert!(matches!(study(&context), Err(StudyError::Deferred)));
    // What comes after the deferred one was made all the same.
    assert_eq!(*division.made.lock().unwrap(), ["a", "c"]);
    assert_eq!(memory.names(), ["a.json", "c.json"]);
    // Another process, which has no division, makes the rest.
    assert_eq!(study(&Context::new(Silent, &memory)).unwrap(), ["a", "b", "c"]);
    assert_eq!(study(&context).unwrap(), ["a", "b", "c"]);
    assert_eq!(division.made.lock().unwrap().len(), 2);
}

#[test]
fn an_error_is_told_before_a_deferred_unit() {
    let failed = || Err::<u8, _>(StudyError::failed("it broke"));
    let mut tried = 0;
    let results = [Err(StudyError::Deferred), failed(), Ok(1)].into_iter().inspect(|_| tried += 1);
    assert!(matches!(gather(results), Err(StudyError::Failed(_))));
    assert_eq!(tried, 2, "what follows an error is not tried");
}
