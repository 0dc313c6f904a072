//! Addresses of files as a page links to them.

use std::fmt::Write as _;
use std::path::{Component, Path, PathBuf};

/// The address of a file from a page in `folder`, as a link has it; both paths are absolute.
pub(super) fn address(folder: &Path, file: &Path) -> String {
    let (from, to): (Vec<_>, Vec<_>) = (folder.components().collect(), file.components().collect());
    let same = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = std::iter::repeat_n(Component::ParentDir, from.len() - same);
    let path: PathBuf = up.chain(to[same..].iter().copied()).collect();
    let parts = path.components().map(|part| escaped(&part.as_os_str().to_string_lossy()));
    parts.collect::<Vec<_>>().join("/")
}

/// A part of a path with what an address gives another meaning as `%XX`.
fn escaped(part: &str) -> String {
    let mut text = String::with_capacity(part.len());
    for byte in part.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                text.push(byte.into());
            }
            _ => {
                let _ = write!(text, "%{byte:02X}");
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_goes_up_and_down() {
        let of = |folder: &str, file: &str| address(Path::new(folder), Path::new(file));
        assert_eq!(of("/a/b", "/a/b/runs/x/report.html"), "runs/x/report.html");
        assert_eq!(of("/a/b/c", "/a/d e/50%.html"), "../../d%20e/50%25.html");
        assert_eq!(of("/", "/é#?.html"), "%C3%A9%23%3F.html");
    }
}
