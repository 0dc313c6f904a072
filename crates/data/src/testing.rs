//! Where the tests of all crates find real data.

use std::path::PathBuf;

/// The root that holds the folder `name` of real data, if this machine has it; says that the test
/// is skipped if not.
#[expect(clippy::print_stdout, reason = "a test says that it skips")]
pub fn real_data(name: &str) -> Option<PathBuf> {
    let root = std::env::var_os("EQUIPOISE_DATA").filter(|r| !r.is_empty()).map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/datasets"),
        PathBuf::from,
    );
    let there = root.join(name).is_dir();
    if !there {
        println!("skipped: no {name} in {}", root.display());
    }
    there.then_some(root)
}
