//! Tells the program which commit it is built from. Without a repository (a source archive) it knows
//! none, and says so.

use std::process::Command;

use vergen_gitcl::{Emitter, Gitcl};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let commit = Gitcl::builder().sha(false).build();
    Emitter::default().add_instructions(&commit)?.quiet().emit()?;
    // A commit changes neither HEAD nor a file of its branch that lies beside it where the checkout is a
    // second worktree, or where refs are packed; its log it always does.
    let log = Command::new("git").args(["rev-parse", "--git-path", "logs/HEAD"]).output();
    if let Ok(output) = log
        && let Ok(path) = String::from_utf8(output.stdout)
        && std::path::Path::new(path.trim()).is_file()
    {
        println!("cargo:rerun-if-changed={}", path.trim());
    }
    Ok(())
}
