//! Tells the program which commit it is built from. Without a repository (a source archive) it knows
//! none, and says so.

use vergen_gitcl::{Emitter, Gitcl};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let commit = Gitcl::builder().sha(false).build();
    Emitter::default().add_instructions(&commit)?.quiet().emit()?;
    Ok(())
}
