//! Data sets that a person describes in a file `data.toml`: a table for each, by its name.
//!
//! ```toml
//! [leaves]                    # --dataset leaves, with this file as EQUIPOISE_DATA/data.toml
//! layout = "folder"           # folder, idx, npz, npy or spikes
//! path = "leaves"             # below the folder of this file
//!
//! [letters]
//! layout = "idx"
//! train = { images = "train-images.gz", labels = "train-labels.gz" }
//! test = { images = "test-images.gz", labels = "test-labels.gz" }
//! classes = ["alpha", "beta"]
//! ```

use super::arrays::{self, PartNames};
use super::folder::{divide, open_parts, open_whole};
use super::options::OpenOptions;
use super::shd;
use crate::dataset::{Dataset, Loaded};
use crate::error::DataError;
use crate::formats::array_file::open_arrays;
use crate::formats::idx::{IdxOptions, read_images_with};
use crate::images::ImageSet;
use crate::reading::{GoOn, Remark};
use crate::text::read_text;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The file under the root in which sets are described.
pub(super) const FILE: &str = "data.toml";
/// The largest such file, bytes.
const LARGEST: u64 = 1 << 20;

/// How the files of a set are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum LaidOut {
    /// Pictures, one subfolder a class.
    Folder,
    /// Images and labels as MNIST has them.
    Idx,
    /// Archives of NumPy arrays.
    Npz,
    /// One NumPy array a file.
    Npy,
    /// HDF5 in the layout of SHD.
    Spikes,
}

/// The files of a part.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged, expecting = "a path, or { images = PATH, labels = PATH }")]
enum PartFiles {
    One(PathBuf),
    Pair(Pair),
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Pair {
    images: PathBuf,
    labels: Option<PathBuf>,
}

/// A data set as it is described.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Described {
    layout: LaidOut,
    /// What it holds, in a line.
    #[serde(default)]
    pub what: String,
    /// Its licence.
    #[serde(default)]
    pub licence: String,
    /// What to cite.
    #[serde(default)]
    pub citation: String,
    /// The folder or the file with all of it.
    path: Option<PathBuf>,
    /// The files of the training part, and of the test part.
    train: Option<PartFiles>,
    test: Option<PartFiles>,
    /// The names of the arrays of images and of labels.
    images: Option<String>,
    labels: Option<String>,
    /// The names of the classes.
    #[serde(default)]
    classes: Vec<String>,
    /// The label of the first class.
    #[serde(default)]
    first_label: u16,
    /// Whether rows and columns of the images are exchanged.
    #[serde(default)]
    transposed: bool,
    /// The share of the test part, where there is none.
    test_fraction: Option<f64>,
    /// The folder that paths are below.
    #[serde(skip)]
    base: PathBuf,
}

/// The data sets that the file at `path` describes.
pub(super) fn read(path: &Path) -> Result<BTreeMap<String, Described>, DataError> {
    let length = std::fs::metadata(path).map_err(|e| DataError::io(path, "open", e))?.len();
    if length > LARGEST {
        let problem = format!("{length} bytes, expected at most {LARGEST}");
        return Err(DataError::format(path, "the file", problem));
    }
    let text = read_text(path, LARGEST).map_err(|e| DataError::io(path, "read", e))?;
    let mut sets: BTreeMap<String, Described> = toml::from_str(&text).map_err(|e| {
        let before = e.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let message = e.message().split_whitespace().collect::<Vec<_>>().join(" ");
        DataError::format(path, format!("line {line}"), message)
    })?;
    let base = path.parent().unwrap_or(Path::new(""));
    sets.values_mut().for_each(|set| set.base = base.to_owned());
    Ok(sets)
}

/// The data sets that a file describes, in a line each; nothing if it is no such file.
pub(crate) fn summaries(path: &Path) -> Option<BTreeMap<String, String>> {
    path.extension().filter(|ending| *ending == "toml")?;
    let sets = read(path).ok().filter(|sets| !sets.is_empty())?;
    let line = |set: &Described| {
        let files = set.files();
        let absent = files.iter().filter(|file| !file.exists()).count();
        let what = if set.what.is_empty() { String::new() } else { format!("{}; ", set.what) };
        format!("{what}{:?} of {} files or folders, {absent} absent", set.layout, files.len())
    };
    Some(sets.into_iter().map(|(name, set)| (name, line(&set))).collect())
}

/// The set that `spec` names: `FILE.toml`, if it describes one, `FILE.toml:NAME`, or the name of one
/// in the file under the root. Nothing if it can name none.
pub(super) fn find(spec: &str, root: &Path) -> Result<Option<Described>, DataError> {
    let (file, name) = match spec.split_once(".toml") {
        Some((stem, rest)) if rest.is_empty() || rest.starts_with(':') => {
            let file = format!("{stem}.toml");
            let there = [PathBuf::from(&file), root.join(&file)].into_iter().find(|p| p.is_file());
            let there = there.ok_or_else(|| DataError::Missing {
                name: spec.to_owned(),
                looked_in: root.to_owned(),
                wanted: format!("expected a file {file} that describes it"),
            })?;
            (there, rest.strip_prefix(':'))
        }
        _ => {
            let file = root.join(FILE);
            if !file.is_file() {
                return Ok(None);
            }
            (file, Some(spec))
        }
    };
    let mut sets = read(&file)?;
    let known = sets.keys().cloned().collect::<Vec<_>>().join(", ");
    match name {
        Some(name) if spec.contains(".toml") => sets.remove(name).map(Some).ok_or_else(|| {
            DataError::format(&file, name, format!("no such data set: there are {known}"))
        }),
        Some(name) => Ok(sets.remove(name)),
        None if sets.len() == 1 => Ok(sets.into_values().next()),
        None => {
            let problem = format!("{} data sets ({known}): one must be named", sets.len());
            Err(DataError::format(&file, "the file", problem))
        }
    }
}

impl Described {
    /// The files and folders that it consists of.
    pub fn files(&self) -> Vec<PathBuf> {
        let mut files: Vec<PathBuf> = self.path.iter().cloned().collect();
        for part in [&self.train, &self.test].into_iter().flatten() {
            match part {
                PartFiles::One(path) => files.push(path.clone()),
                PartFiles::Pair(Pair { images, labels }) => {
                    files.extend([Some(images), labels.as_ref()].into_iter().flatten().cloned());
                }
            }
        }
        files.into_iter().map(|file| self.base.join(file)).collect()
    }

    fn wrong(&self, name: &str, problem: &str) -> DataError {
        DataError::format(&self.base.join(FILE), name, problem)
    }

    /// Opens it as the set `name`.
    pub fn open(
        &self,
        name: &str,
        options: &OpenOptions,
        go_on: GoOn<'_>,
    ) -> Result<Loaded, DataError> {
        let mut options = options.clone();
        if let Some(fraction) = self.test_fraction {
            options.folder.test_fraction = fraction;
        }
        let options = &options;
        let only_path = self.train.is_none() && self.test.is_none();
        match (self.layout, &self.path) {
            (LaidOut::Folder, Some(path)) if only_path => {
                let path = self.base.join(path);
                self.named(open_folder(&path, name, options, go_on)?)
            }
            (LaidOut::Folder, None) => {
                let [train, test] = self.two(name)?;
                self.named(open_parts(&train, &test, name, options, go_on)?)
            }
            (LaidOut::Spikes, Some(path)) if only_path => {
                let path = self.base.join(path);
                shd::open_pair(&path.to_string_lossy(), name, &self.base, options, go_on)
            }
            (LaidOut::Spikes, None) => shd::read(self.two(name)?, name, false, options, go_on),
            (LaidOut::Npz | LaidOut::Npy, Some(path)) if only_path && self.images.is_none() => {
                arrays::open_file(&self.base.join(path), name, &self.classes, options, go_on)
            }
            (LaidOut::Npz | LaidOut::Npy, Some(path)) if only_path => {
                let part = PartFiles::One(path.clone());
                self.parts(&part, None, name, options, go_on)
            }
            (LaidOut::Idx | LaidOut::Npz | LaidOut::Npy, None) => {
                let train = self.train.as_ref();
                let train = train.ok_or_else(|| self.wrong(name, "expected path, or train"))?;
                self.parts(train, self.test.as_ref(), name, options, go_on)
            }
            _ => Err(self.wrong(
                name,
                "expected either path, or train (and test); idx needs train with images and labels",
            )),
        }
    }

    /// Folders with the names of classes that the description gives.
    fn named(&self, mut loaded: Loaded) -> Result<Loaded, DataError> {
        let Dataset::Images { train, test } = &mut loaded.dataset else { return Ok(loaded) };
        if self.classes.is_empty() {
            return Ok(loaded);
        }
        if self.classes.len() != train.classes.len() {
            let problem =
                format!("{} classes, but {} folders", self.classes.len(), train.classes.len());
            return Err(self.wrong("classes", &problem));
        }
        (train.classes, test.classes) = (self.classes.clone(), self.classes.clone());
        Ok(loaded)
    }

    /// The two paths of a set that has one for each part.
    fn two(&self, name: &str) -> Result<[PathBuf; 2], DataError> {
        match (&self.train, &self.test) {
            (Some(PartFiles::One(train)), Some(PartFiles::One(test))) => {
                Ok([train, test].map(|path| self.base.join(path)))
            }
            _ => Err(self.wrong(name, "expected path, or train and test, each a path")),
        }
    }

    /// A set of a training and perhaps a test part.
    fn parts(
        &self,
        train: &PartFiles,
        test: Option<&PartFiles>,
        name: &str,
        options: &OpenOptions,
        go_on: GoOn<'_>,
    ) -> Result<Loaded, DataError> {
        let mut remarks = Vec::new();
        let mut part =
            |files: &PartFiles, name: String| self.part(files, name, &mut remarks, go_on);
        let Some(test) = test else {
            let images = part(train, name.to_owned())?;
            let dataset = divide(&images, name, options, &mut remarks)?;
            return Ok(Loaded { dataset, remarks });
        };
        let mut train = part(train, format!("{name}/train"))?;
        let mut test = part(test, format!("{name}/test"))?;
        arrays::agree(&self.base.join(FILE), &mut train, &mut test)?;
        Ok(Loaded { dataset: Dataset::Images { train, test }, remarks })
    }

    /// One part.
    fn part(
        &self,
        files: &PartFiles,
        name: String,
        remarks: &mut Vec<Remark>,
        go_on: GoOn<'_>,
    ) -> Result<ImageSet, DataError> {
        let (images, labels) = match files {
            PartFiles::One(path) => (self.base.join(path), None),
            PartFiles::Pair(Pair { images, labels }) => {
                (self.base.join(images), labels.as_ref().map(|path| self.base.join(path)))
            }
        };
        if self.layout == LaidOut::Idx {
            let how = IdxOptions {
                classes: self.classes.clone(),
                first_label: self.first_label,
                transposed: self.transposed,
            };
            return read_images_with(&images, labels.as_deref(), &how, &name, go_on);
        }
        if self.transposed || self.first_label != 0 {
            return Err(self.wrong(&name, "transposed and first_label are for idx only"));
        }
        let file = open_arrays(&images, go_on)?;
        let beside = labels.as_ref().map(|path| open_arrays(path, go_on)).transpose()?;
        let sole = |file: &dyn crate::formats::arrays::Arrays, usual: &str| match &file.names()[..]
        {
            [only] => only.clone(),
            _ => usual.to_owned(),
        };
        let image_array = self.images.clone().unwrap_or_else(|| sole(&*file, "images"));
        let label_file = beside.as_deref().unwrap_or(&*file);
        let has_labels = |name: &str| file.names().iter().any(|known| known == name);
        let label_array = match (&self.labels, &beside) {
            (Some(array), _) => Some(array.clone()),
            (None, Some(beside)) => Some(sole(&**beside, "labels")),
            (None, None) => has_labels("labels").then(|| "labels".to_owned()),
        };
        let names = PartNames {
            images: &image_array,
            labels: label_array.as_deref(),
            classes: &self.classes,
        };
        arrays::read_part(&*file, label_file, &names, name, remarks)
    }
}

/// A folder of images, divided by its person or here.
fn open_folder(
    path: &Path,
    name: &str,
    options: &OpenOptions,
    go_on: GoOn<'_>,
) -> Result<Loaded, DataError> {
    if !path.is_dir() {
        return Err(DataError::format(path, "the path", "expected a folder of images"));
    }
    match super::folder::parts(path)? {
        Some(parts) => open_parts(&parts.train, &parts.test, name, options, go_on),
        None => open_whole(path, name, options, go_on),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::npz::npy_bytes;
    use crate::{Part, TO_THE_END, catalog, check, load, make, synthetic, testing};
    use std::fs;

    fn images(spec: &str, root: &Path) -> Result<(ImageSet, ImageSet), DataError> {
        load(spec, root, &OpenOptions::default(), TO_THE_END)?.dataset.into_images()
    }

    #[test]
    fn a_described_set_is_opened_by_its_name() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        make("synthetic-digits", 30, 20, 0, root).unwrap();
        make("synthetic-speech", 20, 20, 0, root).unwrap();
        let set = synthetic::digits(10, 3, Part::Train);
        let values = npy_bytes(&[10, 28, 28], set.pixels.iter().copied()).unwrap();
        fs::write(root.join("i.npy"), values).unwrap();
        let labels = npy_bytes(&[10], set.labels.iter().copied()).unwrap();
        fs::write(root.join("l.npy"), labels).unwrap();
        for class in ["a", "b"] {
            fs::create_dir_all(root.join("pictures").join(class)).unwrap();
            for i in 0..5 {
                let picture = image::GrayImage::from_pixel(4, 4, image::Luma([i * 20]));
                picture.save(root.join("pictures").join(class).join(format!("{i}.png"))).unwrap();
            }
        }
        let text = r#"
            [drawn]
            layout = "idx"
            what = "digits"
            train = { images = "mnist/train-images-idx3-ubyte.gz", labels = "mnist/train-labels-idx1-ubyte.gz" }
            test = { images = "mnist/t10k-images-idx3-ubyte.gz", labels = "mnist/t10k-labels-idx1-ubyte.gz" }
            classes = ["nil", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]

            [arrays]
            layout = "npy"
            train = { images = "i.npy", labels = "l.npy" }
            test_fraction = 0.5

            [pictures]
            layout = "folder"
            path = "pictures"
            classes = ["first", "second"]

            [words]
            layout = "spikes"
            train = "shd/shd_train.h5"
            test = "shd/shd_test.h5"
        "#;
        fs::write(root.join(FILE), text).unwrap();
        let (train, test) = images("drawn", root).unwrap();
        let (known, _) = images("mnist", root).unwrap();
        assert_eq!((train.len(), test.len()), (30, 20));
        assert_eq!((&train.pixels, &train.labels), (&known.pixels, &known.labels));
        assert_eq!(train.classes[9], "nine");
        let (train, test) = images("arrays", root).unwrap();
        assert_eq!(train.len() + test.len(), 10);
        assert_eq!(train.image(0), set.image(train.indices[0]));
        let (train, test) = images("pictures", root).unwrap();
        assert_eq!((train.len(), test.len(), train.classes[1].as_str()), (8, 2, "second"));
        let options = OpenOptions::default();
        let (train, _) =
            load("words", root, &options, TO_THE_END).unwrap().dataset.into_spikes().unwrap();
        assert_eq!((train.len(), train.units), (20, 700));
        // By the path of the file, too; and the catalogue and the check know it.
        let path = root.join(FILE);
        let spec = format!("{}:drawn", path.display());
        assert_eq!(images(&spec, Path::new("elsewhere")).unwrap().0.len(), 30);
        assert!(images(&path.display().to_string(), root).is_err());
        let entry = catalog(root).into_iter().find(|entry| entry.name == "drawn").unwrap();
        assert!(entry.present && entry.what == "digits");
        let report = check("drawn", root, &options, TO_THE_END).unwrap();
        assert_eq!((report.files.len(), report.parts.len()), (4, 2));
    }

    #[test]
    fn a_wrong_description_is_told_by_its_line() {
        let dir = tempfile::tempdir().unwrap();
        let problem = |text: &str, spec: &str| {
            fs::write(dir.path().join(FILE), text).unwrap();
            images(spec, dir.path()).unwrap_err().to_string()
        };
        for (text, part) in [
            ("[x]\nlayout = \"tape\"", "data.toml: line 2: unknown variant `tape`"),
            ("[x]\nlayout = \"idx\"\ncolour = 1", "data.toml: line 3: unknown field `colour`"),
            ("[x]\nlayout = \"idx\"\npath = \"a\"", "data.toml: x: expected either path"),
            ("[x]\nlayout = \"folder\"\npath = \"a\"", "expected a folder of images"),
            ("[x]\nlayout = \"idx\"\ntrain = 3", "a path, or { images = PATH, labels = PATH }"),
            ("[x", "data.toml: line 1: "),
        ] {
            let problem = problem(text, "x");
            assert!(problem.contains(part) && !problem.contains('\n'), "{problem} and not {part}");
        }
        let unknown = problem("[x]\nlayout = \"idx\"", "y");
        assert!(unknown.contains("unknown data set 'y'"), "{unknown}");
        let two = "[x]\nlayout = \"idx\"\n[y]\nlayout = \"idx\"";
        let file = dir.path().join(FILE).display().to_string();
        assert!(problem(two, &file).contains("2 data sets (x, y): one must be named"));
        assert!(problem(two, &format!("{file}:z")).contains("there are x, y"));
    }

    #[test]
    fn real_digits_can_be_described() {
        let Some(data) = testing::real_data("mnist") else { return };
        let dir = tempfile::tempdir().unwrap();
        let pair = |part: &str| {
            let at = data.join("mnist").canonicalize().unwrap();
            let at = at.display();
            format!(
                "{{ images = '{at}/{part}-images-idx3-ubyte.gz', \
                 labels = '{at}/{part}-labels-idx1-ubyte.gz' }}"
            )
        };
        let text =
            format!("[d]\nlayout = 'idx'\ntrain = {}\ntest = {}\n", pair("train"), pair("t10k"));
        fs::write(dir.path().join(FILE), text).unwrap();
        let (train, test) = images("d", dir.path()).unwrap();
        let (known, _) = images("mnist", &data).unwrap();
        assert!(train.pixels == known.pixels && train.classes == known.classes);
        assert_eq!(test.len(), 10_000);
    }
}
