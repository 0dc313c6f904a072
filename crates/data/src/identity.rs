//! What data were made from: digests of their content, the files behind them, and which samples
//! of those were taken. Two [`DataIdentity`]s that meet are compared with
//! [`DataIdentity::difference`], which says what differs.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::{Digest, Sha256};
use std::fmt;
use std::str::FromStr;

/// A SHA-256 digest (FIPS 180-4) that stands for what it was made of: data, a network, settings.
///
/// Displayed, it is its first 12 hexadecimal digits, for people; `{:#}` and serialisation give all
/// 64.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// The digest of these bytes, as `sha256sum` gives it.
    pub fn of(bytes: &[u8]) -> Fingerprint {
        Fingerprint(Sha256::digest(bytes).into())
    }

    /// Starts a digest over several fields; `kind` names what is digested, so that things of
    /// different kinds never have the same one.
    pub fn builder(kind: &str) -> FingerprintBuilder {
        let mut builder = FingerprintBuilder(Sha256::new());
        builder.text(kind);
        builder
    }

    /// All 64 hexadecimal digits.
    pub fn hex(&self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl From<[u8; 32]> for Fingerprint {
    /// A digest that was made elsewhere.
    fn from(bytes: [u8; 32]) -> Fingerprint {
        Fingerprint(bytes)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hex = self.hex();
        f.write_str(if f.alternate() { &hex } else { &hex[..12] })
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self:#})")
    }
}

/// A text is not the 64 hexadecimal digits of a digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a SHA-256 digest of 64 hexadecimal digits")]
pub struct NotAFingerprint;

impl FromStr for Fingerprint {
    type Err = NotAFingerprint;

    fn from_str(text: &str) -> Result<Fingerprint, NotAFingerprint> {
        let mut bytes = [0; 32];
        if text.len() != 64 || !text.is_ascii() {
            return Err(NotAFingerprint);
        }
        for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            let value = |digit: u8| char::from(digit).to_digit(16).ok_or(NotAFingerprint);
            *byte = (value(digits[0])? * 16 + value(digits[1])?) as u8;
        }
        Ok(Fingerprint(bytes))
    }
}

impl Serialize for Fingerprint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.hex())
    }
}

impl<'de> Deserialize<'de> for Fingerprint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Fingerprint, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// A digest being made, field by field. Every field is preceded by its length, so that no two
/// sequences of fields give the same bytes.
#[derive(Debug, Clone)]
pub struct FingerprintBuilder(Sha256);

impl FingerprintBuilder {
    /// Adds a sequence of bytes.
    pub fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.number(bytes.len() as u64);
        self.0.update(bytes);
        self
    }

    /// Adds a text.
    pub fn text(&mut self, text: &str) -> &mut Self {
        self.bytes(text.as_bytes())
    }

    /// Adds a list of texts.
    pub fn texts<T: AsRef<str>>(&mut self, texts: &[T]) -> &mut Self {
        self.number(texts.len() as u64);
        for text in texts {
            self.text(text.as_ref());
        }
        self
    }

    /// Adds a whole number.
    pub fn number(&mut self, number: u64) -> &mut Self {
        self.0.update(number.to_le_bytes());
        self
    }

    /// Adds a floating-point number, bit by bit.
    pub fn float(&mut self, number: f64) -> &mut Self {
        self.number(number.to_bits())
    }

    /// Adds another digest.
    pub fn fingerprint(&mut self, fingerprint: &Fingerprint) -> &mut Self {
        self.bytes(&fingerprint.0)
    }

    /// Adds a list of values of `N` bytes each.
    pub fn list<const N: usize>(
        &mut self,
        values: impl ExactSizeIterator<Item = [u8; N]>,
    ) -> &mut Self {
        self.number(values.len() as u64 * N as u64);
        let mut buffer = Vec::with_capacity(1 << 14);
        for value in values {
            buffer.extend_from_slice(&value);
            if buffer.len() >= (1 << 14) - N {
                self.0.update(&buffer);
                buffer.clear();
            }
        }
        self.0.update(&buffer);
        self
    }

    /// The digest of all fields so far.
    pub fn finish(&self) -> Fingerprint {
        Fingerprint(self.0.clone().finalize().into())
    }
}

/// A file as it was read: its name without the folder, so that data may be moved.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FileIdentity {
    /// Its name, without the folder (with it for files below a folder of images).
    pub name: String,
    /// Its size as it is stored, bytes.
    pub bytes: u64,
    /// The digest of the bytes as they are stored.
    pub sha256: Fingerprint,
}

/// Where samples come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// From these files, in this order.
    Files(Vec<FileIdentity>),
    /// From a folder of so many files that they are not listed.
    Folder {
        /// The number of files.
        files: u64,
        /// Their sizes together.
        bytes: u64,
        /// The digest of the list of all names, sizes and digests.
        sha256: Fingerprint,
    },
    /// Made by a generator of this crate.
    Synthetic {
        /// Its name, such as "synthetic-digits/train".
        generator: String,
        /// Its seed.
        seed: u64,
    },
    /// Made by the caller, in memory.
    Memory,
}

/// The most files that are listed one by one.
const LISTED: usize = 16;

impl Source {
    /// These files, listed if they are few.
    pub fn files(files: Vec<FileIdentity>) -> Source {
        if files.len() <= LISTED {
            return Source::Files(files);
        }
        let mut digest = Fingerprint::builder("files");
        for file in &files {
            digest.text(&file.name).number(file.bytes).fingerprint(&file.sha256);
        }
        Source::Folder {
            files: files.len() as u64,
            bytes: files.iter().map(|f| f.bytes).sum(),
            sha256: digest.finish(),
        }
    }

    /// What is different here from what was `expected`, if anything is.
    pub fn difference(&self, expected: &Source) -> Option<String> {
        match (self, expected) {
            (here, there) if here == there => None,
            (Source::Files(here), Source::Files(there)) if here.len() == there.len() => {
                here.iter().zip(there).find_map(|(a, b)| file_difference(a, b))
            }
            (Source::Folder { files, bytes, .. }, Source::Folder { files: f, bytes: b, .. }) => {
                Some(if files != f {
                    format!("{files} files, expected {f}")
                } else if bytes != b {
                    format!("{bytes} bytes in {files} files, expected {b}")
                } else {
                    format!(
                        "the {files} files are of the same size but have other content or names"
                    )
                })
            }
            (here, there) => Some(format!("{here}, expected {there}")),
        }
    }
}

fn file_difference(here: &FileIdentity, expected: &FileIdentity) -> Option<String> {
    let FileIdentity { name, bytes, sha256 } = here;
    if bytes != &expected.bytes {
        return Some(format!("{name} has {bytes} bytes, expected {}", expected.bytes));
    }
    if sha256 != &expected.sha256 {
        return Some(format!("{name} has the SHA-256 {sha256}…, expected {}…", expected.sha256));
    }
    (name != &expected.name).then(|| format!("the file {name}, expected {}", expected.name))
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Files(files) => match &files[..] {
                [one] => write!(f, "the file {}", one.name),
                files => write!(f, "{} files", files.len()),
            },
            Source::Folder { files, .. } => write!(f, "{files} files"),
            Source::Synthetic { generator, seed } => write!(f, "{generator} of seed {seed}"),
            Source::Memory => f.write_str("data made in memory"),
        }
    }
}

/// What a part of a data set is: where its samples come from, which of them, and their content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataIdentity {
    /// The part's name, such as "mnist/train".
    pub name: String,
    /// Where the samples come from.
    pub source: Source,
    /// The form of a sample, such as "images 1x28x28".
    pub form: String,
    /// The number of samples.
    pub samples: usize,
    /// The digest of which samples of the source they are, whatever their order.
    pub selection: Fingerprint,
    /// The digest of the content: values, form, labels and order.
    pub content: Fingerprint,
}

impl DataIdentity {
    /// The identity of the samples at `indices` of a source.
    pub(crate) fn new(
        name: &str,
        source: &Source,
        form: String,
        indices: &[usize],
        content: Fingerprint,
    ) -> DataIdentity {
        let mut sorted = indices.to_vec();
        sorted.sort_unstable();
        let mut selection = Fingerprint::builder("selection");
        selection.list(sorted.iter().map(|&i| (i as u64).to_le_bytes()));
        DataIdentity {
            name: name.to_owned(),
            source: source.clone(),
            form,
            samples: indices.len(),
            selection: selection.finish(),
            content,
        }
    }

    /// What is different here from what was `expected`. Two identities are the same if their
    /// content is: the same samples from a folder of another name, or unpacked, are no difference.
    pub fn difference(&self, expected: &DataIdentity) -> Option<Difference> {
        if self.content == expected.content {
            return None;
        }
        let pair = |a: &dyn fmt::Display, b: &dyn fmt::Display| (a.to_string(), b.to_string());
        let part = |name: &str| name.rsplit('/').next().unwrap_or_default().to_owned();
        let named = self.name != expected.name;
        let kind = if named && self.form != expected.form {
            let here = format!("{} ({})", self.name, self.form);
            let there = format!("{} ({})", expected.name, expected.form);
            DifferenceKind::Name(here, there)
        } else if named
            && (part(&self.name) != part(&expected.name) || self.source == Source::Memory)
        {
            let (here, there) = pair(&self.name, &expected.name);
            DifferenceKind::Name(here, there)
        } else if let Some(what) = self.source.difference(&expected.source) {
            if named {
                let here = format!("{} ({what})", self.name);
                DifferenceKind::Name(here, expected.name.clone())
            } else {
                DifferenceKind::Source(what)
            }
        } else if self.form != expected.form {
            let (here, there) = pair(&self.form, &expected.form);
            DifferenceKind::Form(here, there)
        } else if self.samples != expected.samples {
            DifferenceKind::Samples(self.samples, expected.samples)
        } else if self.selection != expected.selection {
            DifferenceKind::Selection
        } else if self.source != Source::Memory {
            DifferenceKind::Order
        } else {
            DifferenceKind::Content
        };
        Some(Difference { name: self.name.clone(), kind })
    }
}

/// How one part of a data set differs from the one that was expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.sentence())]
pub struct Difference {
    /// The part that is here.
    pub name: String,
    /// In what it differs: the first that was found, in the order of the variants.
    pub kind: DifferenceKind,
}

/// In what two parts of data sets differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DifferenceKind {
    /// They are of different data sets: what is here, and what was expected.
    Name(String, String),
    /// Their files, or their generator's seed, differ.
    Source(String),
    /// Their samples have another form: here, and expected.
    Form(String, String),
    /// Their numbers of samples: here, and expected.
    Samples(usize, usize),
    /// As many samples of the same source, but other ones.
    Selection,
    /// The same samples in another order, or read in another way.
    Order,
    /// The values or labels of data made in memory.
    Content,
}

impl Difference {
    fn sentence(&self) -> String {
        let name = &self.name;
        match &self.kind {
            DifferenceKind::Name(here, expected) => {
                format!("the data are {here}, expected {expected}")
            }
            DifferenceKind::Source(what) => format!("{name} has changed: {what}"),
            DifferenceKind::Form(here, expected) => {
                format!("{name} has {here}, expected {expected}")
            }
            DifferenceKind::Samples(here, expected) => {
                format!("{name} has {here} samples here, expected {expected}")
            }
            DifferenceKind::Selection => format!("other samples of {name} were selected"),
            DifferenceKind::Order => {
                format!("the samples of {name} are in another order or were read in another way")
            }
            DifferenceKind::Content => format!("the content of {name} has changed"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_sha_256() {
        // FIPS 180-2, appendix B.1.
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let fingerprint = Fingerprint::of(b"abc");
        assert_eq!(fingerprint.hex(), abc);
        assert_eq!(
            (format!("{fingerprint}"), format!("{fingerprint:#}")),
            (abc[..12].into(), abc.into())
        );
        assert_eq!(abc.parse(), Ok(fingerprint));
        let json = serde_json::to_string(&fingerprint).unwrap();
        assert_eq!(json, format!("\"{abc}\""));
        assert_eq!(serde_json::from_str::<Fingerprint>(&json).unwrap(), fingerprint);
        for wrong in ["", &abc[..63], &abc.replace('b', "g"), &"é".repeat(32)] {
            assert_eq!(wrong.parse::<Fingerprint>(), Err(NotAFingerprint), "{wrong}");
        }
    }

    #[test]
    fn fields_do_not_run_into_each_other() {
        let of = |texts: &[&str]| Fingerprint::builder("test").texts(texts).finish();
        assert_ne!(of(&["ab", "c"]), of(&["a", "bc"]));
        assert_ne!(of(&["abc"]), of(&["abc", ""]));
        // A list is its bytes, whatever the pieces that they are digested in.
        let numbers: Vec<u64> = (0..10_000).collect();
        let bytes: Vec<u8> = numbers.iter().flat_map(|n| n.to_le_bytes()).collect();
        let list = Fingerprint::builder("x").list(numbers.iter().map(|n| n.to_le_bytes())).finish();
        assert_eq!(list, Fingerprint::builder("x").bytes(&bytes).finish());
    }

    #[test]
    fn many_files_are_one_digest() {
        let file = |i: u8, content: &[u8]| FileIdentity {
            name: format!("{i}.png"),
            bytes: content.len() as u64,
            sha256: Fingerprint::of(content),
        };
        let few = |content: &[u8]| Source::files(vec![file(0, b"same"), file(1, content)]);
        assert_eq!(few(b"abc").difference(&few(b"abc")), None);
        assert!(
            few(b"abc")
                .difference(&few(b"abcd"))
                .unwrap()
                .contains("1.png has 3 bytes, expected 4")
        );
        assert!(
            few(b"abc")
                .difference(&few(b"abd"))
                .unwrap()
                .contains("1.png has the SHA-256 ba7816bf8f01")
        );
        let many = |last: &[u8]| {
            let files = (0..100).map(|i| file(i, if i == 99 { last } else { b"x" }));
            Source::files(files.collect())
        };
        assert_eq!(many(b"x").difference(&many(b"x")), None);
        assert!(many(b"x").difference(&many(b"y")).is_some());
        assert!(many(b"xx").difference(&many(b"y")).unwrap().contains("101 bytes"));
        assert!(many(b"x").difference(&few(b"y")).unwrap().contains("100 files, expected 2 files"));
    }
}
