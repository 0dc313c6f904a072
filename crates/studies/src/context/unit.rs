//! The file of one unit of work: a line that says what it is, and its result.
//!
//! ```text
//! {"unit":2,"key":"trials/rates-80-20-0","made_from":{"data":"…","settings":"…"},"by":"0.1.0","sha256":"…"}
//! {…the result…}
//! ```
//!
//! The checksum is over the key, what it was made from, the version of the program, and the bytes of
//! the result. The first line is taken only as it was written, so that no byte of the file can change
//! unnoticed.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::identity::{Identity, hex};

/// The form of the files; another number is another form.
const FORM: u32 = 2;

/// The first line of a unit's file.
#[derive(Debug, Serialize, Deserialize)]
struct Header {
    unit: u32,
    key: String,
    made_from: Identity,
    by: String,
    sha256: String,
}

impl Header {
    /// Its bytes, without the end of the line.
    fn line(&self) -> Vec<u8> {
        // A struct of numbers and text always has a JSON form.
        serde_json::to_vec(self).unwrap_or_default()
    }
}

/// A unit as it was read back.
#[derive(Debug)]
pub(super) struct Stored<'a> {
    pub made_from: Identity,
    /// Version of the program that made it.
    pub by: String,
    pub payload: &'a [u8],
}

fn checksum(key: &str, made_from: &Identity, by: &str, payload: &[u8]) -> String {
    let mut hasher = Sha256::new();
    hasher.update(key.as_bytes());
    hasher.update([0]);
    hasher.update(by.as_bytes());
    for (part, value) in made_from.parts() {
        hasher.update([0]);
        hasher.update(part.as_bytes());
        hasher.update([0]);
        hasher.update(value.as_bytes());
    }
    hasher.update([0]);
    hasher.update(payload);
    hex(&hasher.finalize())
}

/// The bytes of a unit's file.
pub(super) fn encode(key: &str, made_from: &Identity, payload: &[u8]) -> Vec<u8> {
    let by = env!("CARGO_PKG_VERSION");
    let header = Header {
        unit: FORM,
        key: key.to_owned(),
        made_from: made_from.clone(),
        by: by.to_owned(),
        sha256: checksum(key, made_from, by, payload),
    };
    let mut bytes = header.line();
    bytes.push(b'\n');
    bytes.extend_from_slice(payload);
    bytes
}

/// A unit as its file tells it, whatever it is called.
#[derive(Debug)]
pub struct Described<'a> {
    /// The key that names the unit.
    pub key: String,
    /// What it was made from.
    pub made_from: Identity,
    /// Version of the program that made it.
    pub by: String,
    /// The JSON of its result.
    pub payload: &'a [u8],
}

/// What a unit's file tells of itself.
///
/// # Errors
/// The reason why the bytes are no such file, or are damaged.
pub fn describe(bytes: &[u8]) -> Result<Described<'_>, String> {
    let end = bytes.iter().position(|&b| b == b'\n').ok_or("it has no first line")?;
    let header: Header = serde_json::from_slice(&bytes[..end])
        .map_err(|_| "its first line does not say what it is".to_owned())?;
    let Stored { made_from, by, payload } = decode(&header.key, bytes)?;
    Ok(Described { key: header.key, made_from, by, payload })
}

/// Reads a unit's file back, or says what is wrong with it.
pub(super) fn decode<'a>(key: &str, bytes: &'a [u8]) -> Result<Stored<'a>, String> {
    let end = bytes.iter().position(|&b| b == b'\n').ok_or("it has no first line")?;
    let (line, payload) = (&bytes[..end], &bytes[end + 1..]);
    let header: Header = serde_json::from_slice(line)
        .map_err(|_| "its first line does not say what it is".to_owned())?;
    if header.unit != FORM {
        return Err(format!("it is of form {}, and {FORM} is known", header.unit));
    }
    if header.key != key {
        return Err(format!("it says that it is `{}`", header.key));
    }
    let sum = checksum(key, &header.made_from, &header.by, payload);
    if header.sha256 != sum || header.line() != line {
        return Err("its checksum does not match".to_owned());
    }
    Ok(Stored { made_from: header.made_from, by: header.by, payload })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_change_of_a_byte_is_noticed() {
        let identity = Identity::new().with("data", "abc");
        let bytes = encode("cells/a", &identity, b"{\"x\":1}\n");
        let stored = decode("cells/a", &bytes).unwrap();
        assert_eq!((stored.payload, stored.made_from), (&b"{\"x\":1}\n"[..], identity));
        assert!(decode("cells/b", &bytes).is_err());
        for length in 0..bytes.len() {
            assert!(decode("cells/a", &bytes[..length]).is_err(), "cut at {length}");
        }
        for place in 0..bytes.len() {
            for bit in 0..8 {
                let mut changed = bytes.clone();
                changed[place] ^= 1 << bit;
                assert!(decode("cells/a", &changed).is_err(), "byte {place}, bit {bit}");
            }
            for more in [b' ', b'\n', b'0'] {
                let mut longer = bytes.clone();
                longer.insert(place, more);
                assert!(decode("cells/a", &longer).is_err(), "{more} before byte {place}");
            }
        }
    }
}
