//! Pages that are written to a file which a person named.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use crate::run_dir::{RunDirError, atomic_write};

/// How far from its beginning a page has its title.
const HEAD: usize = 4096;

/// Writes a page whole or not at all. What is there already is replaced if it has the same title,
/// as a page that was made before has.
///
/// # Errors
/// [`RunDirError::NoPlace`] if something else is there, or no folder; those of [`atomic_write`].
///
/// ```
/// use equipoise_report::write_page;
/// # let dir = tempfile::tempdir()?;
/// # let path = dir.path().join("runs.html");
/// write_page(&path, "<title>Runs</title> one")?;
/// write_page(&path, "<title>Runs</title> two")?;
/// assert!(write_page(&path, "<title>Networks</title>").is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn write_page(path: &Path, html: &str) -> Result<(), RunDirError> {
    let refuse = |reason: String| RunDirError::NoPlace { path: path.to_owned(), reason };
    match fs::read(path) {
        Ok(bytes) if title(&bytes) == title(html.as_bytes()) => {}
        Ok(_) => return Err(refuse("it is there and is no such page".to_owned())),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
            if let Some(parent) = parent.filter(|parent| !parent.is_dir()) {
                return Err(refuse(format!("there is no directory {}", parent.display())));
            }
        }
        Err(error) => return Err(refuse(error.to_string())),
    }
    atomic_write(path, html.as_bytes())
}

/// The title of a page; none of what is no page.
fn title(html: &[u8]) -> Option<String> {
    let head = String::from_utf8_lossy(&html[..html.len().min(HEAD)]);
    let (_, rest) = head.split_once("<title>")?;
    Some(rest.split_once("</title>")?.0.to_owned())
}
