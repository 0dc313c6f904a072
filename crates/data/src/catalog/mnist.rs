//! MNIST and the sets that are kept like it: where their four IDX files lie.

use crate::dataset::Dataset;
use crate::error::DataError;
use crate::formats::idx::{IdxOptions, read_images_with};
use crate::images::{ImageSet, ImageShape};
use crate::reading::GoOn;
use std::path::{Path, PathBuf};

/// The classes of MNIST.
pub const DIGITS: [&str; 10] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];

/// The classes of Fashion-MNIST (Xiao, Rasul & Vollgraf 2017).
pub const CLOTHES: [&str; 10] = [
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
];

/// The file names without the ending, (images, labels), of training and test.
pub(crate) const FILES: [(&str, &str); 2] = [
    ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
];

/// The classes of Kuzushiji-MNIST (Clanuwat et al. 2018), in Latin letters.
const KUZUSHIJI: [&str; 10] = ["o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"];
/// The splits of EMNIST (Cohen et al. 2017).
const SPLITS: [&str; 6] = ["balanced", "byclass", "bymerge", "digits", "letters", "mnist"];

/// The sets of this kind, in the order of the catalogue.
pub(crate) const NAMES: [&str; 10] = [
    "mnist",
    "fashion-mnist",
    "kmnist",
    "qmnist",
    "emnist-balanced",
    "emnist-byclass",
    "emnist-bymerge",
    "emnist-digits",
    "emnist-letters",
    "emnist-mnist",
];

/// The folders under the root in which the files of a set are looked for: its own name, and the
/// layout of torchvision.
pub(crate) fn folders(name: &str) -> &'static [&'static str] {
    match name {
        "mnist" => &["mnist", "MNIST/raw"],
        "fashion-mnist" => &["fashion-mnist", "FashionMNIST/raw"],
        "kmnist" => &["kmnist", "KMNIST/raw"],
        "qmnist" => &["qmnist", "QMNIST/raw"],
        // The archive of EMNIST unpacks to a folder `gzip`.
        _ => &["emnist", "EMNIST/raw", "emnist/gzip", "EMNIST/raw/gzip", "gzip"],
    }
}

/// The split of EMNIST of this name.
fn split(name: &str) -> Option<&str> {
    name.strip_prefix("emnist-").filter(|split| SPLITS.contains(split))
}

/// Whether a name is that of a split of EMNIST.
pub(crate) fn is_emnist(name: &str) -> bool {
    split(name).is_some()
}

/// What a split of EMNIST holds, in a line.
pub(crate) fn characters_of(name: &str) -> Option<String> {
    let split = split(name)?;
    let classes = characters(split).len();
    Some(format!("EMNIST, {split}: handwritten characters of {classes} classes, 28x28 grey"))
}

/// The file names without the ending, (images, labels), of training and test.
fn files(name: &str) -> [(String, String); 2] {
    match split(name) {
        Some(split) => ["train", "test"].map(|part| {
            let of = |what: &str| format!("emnist-{split}-{part}-{what}-ubyte");
            (of("images-idx3"), of("labels-idx1"))
        }),
        None if name == "qmnist" => ["train", "test"].map(|part| {
            (format!("qmnist-{part}-images-idx3-ubyte"), format!("qmnist-{part}-labels-idx2-int"))
        }),
        None => FILES.map(|(images, labels)| (images.to_owned(), labels.to_owned())),
    }
}

/// The classes of a split of EMNIST.
fn characters(split: &str) -> Vec<String> {
    let all = ('0'..='9').chain('A'..='Z').chain('a'..='z');
    // Lower-case letters that look like their upper case are of one class with it.
    let merged = |c: &char| "cijklmopsuvwxyz".contains(*c);
    let classes: Vec<char> = match split {
        "byclass" => all.collect(),
        "balanced" | "bymerge" => all.filter(|c| !merged(c)).collect(),
        "letters" => ('a'..='z').collect(),
        _ => ('0'..='9').collect(),
    };
    classes.into_iter().map(String::from).collect()
}

/// How the files of a set are taken.
fn how(name: &str) -> IdxOptions {
    let named = |classes: &[&str]| classes.iter().map(|&class| class.to_owned()).collect();
    match (name, split(name)) {
        (_, Some(split)) => IdxOptions {
            classes: characters(split),
            first_label: u16::from(split == "letters"),
            transposed: true,
        },
        ("fashion-mnist", _) => IdxOptions { classes: named(&CLOTHES), ..IdxOptions::default() },
        ("kmnist", _) => IdxOptions { classes: named(&KUZUSHIJI), ..IdxOptions::default() },
        _ => IdxOptions { classes: named(&DIGITS), ..IdxOptions::default() },
    }
}

/// The file called `stem` in `folder`, plain or gzipped.
fn find(folder: &Path, stem: &str) -> Option<PathBuf> {
    // Some copies of the files carry the dot that the original archive had.
    let dotted = stem.replacen("-idx", ".idx", 1);
    [stem.to_owned(), format!("{stem}.gz"), dotted.clone(), format!("{dotted}.gz")]
        .into_iter()
        .map(|name| folder.join(name))
        .find(|path| path.is_file())
}

/// The four files of a set: [train, test] x (images, labels).
pub(crate) fn locate(name: &str, root: &Path) -> Result<[(PathBuf, PathBuf); 2], DataError> {
    let missing = |wanted: String| DataError::Missing {
        name: name.to_owned(),
        looked_in: root.to_owned(),
        wanted,
    };
    let files = files(name);
    for folder in folders(name).iter().map(|f| root.join(f)) {
        let found =
            files.each_ref().map(|(images, labels)| (find(&folder, images), find(&folder, labels)));
        match found {
            [(Some(a), Some(b)), (Some(c), Some(d))] => return Ok([(a, b), (c, d)]),
            [(None, None), (None, None)] => {}
            found => {
                let names = files.each_ref().map(|(a, b)| [a, b]).concat();
                let there = found.map(|(a, b)| [a, b]).concat();
                let absent = names.iter().zip(there).find(|(_, path)| path.is_none());
                let absent = absent.map_or("a file", |(name, _)| name);
                return Err(missing(format!("{} has no {absent}[.gz]", folder.display())));
            }
        }
    }
    let [own, others @ ..] = folders(name) else { unreachable!("every set has folders") };
    Err(missing(format!(
        "expected {own}/{}[.gz] and its three siblings, or the same in {}; \
         the official files can be downloaded",
        files[0].0, others[0]
    )))
}

/// Opens a set of this kind.
pub(crate) fn open(name: &str, root: &Path, go_on: GoOn<'_>) -> Result<Dataset, DataError> {
    let how = how(name);
    let [train, test] = locate(name, root)?;
    let read = |(images, labels): &(PathBuf, PathBuf), part: &str| {
        let set = read_images_with(images, Some(labels), &how, &format!("{name}/{part}"), go_on)?;
        check_shape(&set, images)?;
        Ok(set)
    };
    Ok(Dataset::Images { train: read(&train, "train")?, test: read(&test, "test")? })
}

/// Both sets hold images of 28 x 28.
fn check_shape(set: &ImageSet, path: &Path) -> Result<(), DataError> {
    if set.shape == (ImageShape { channels: 1, height: 28, width: 28 }) {
        return Ok(());
    }
    let ImageShape { height, width, .. } = set.shape;
    let problem = format!("images of {height} x {width}, expected 28 x 28");
    Err(DataError::format(path, "byte 8", problem))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::idx;
    use crate::{OpenOptions, Part, open, synthetic, testing};
    use std::fs;
    use std::io::Write;

    /// A small set in MNIST's layout: (folder, set of the training files).
    fn small(folder: &Path) -> ImageSet {
        let train = synthetic::digits(30, 0, Part::Train);
        let test = synthetic::digits(20, 0, Part::Test);
        fs::create_dir_all(folder).unwrap();
        for (set, (images, labels)) in [&train, &test].into_iter().zip(FILES) {
            let (image_bytes, label_bytes) = idx::encode(set).unwrap();
            fs::write(folder.join(images), image_bytes).unwrap();
            fs::write(folder.join(labels), label_bytes).unwrap();
        }
        train
    }

    fn gzip(path: &Path) {
        let bytes = fs::read(path).unwrap();
        let packed =
            path.with_file_name(format!("{}.gz", path.file_name().unwrap().to_string_lossy()));
        let mut encoder = flate2::write::GzEncoder::new(
            fs::File::create(packed).unwrap(),
            flate2::Compression::default(),
        );
        encoder.write_all(&bytes).unwrap();
        encoder.finish().unwrap();
        fs::remove_file(path).unwrap();
    }

    #[test]
    fn all_layouts_are_read() {
        for name in ["mnist", "fashion-mnist", "kmnist"] {
            for layout in folders(name) {
                let root = tempfile::tempdir().unwrap();
                let folder = root.path().join(layout);
                let made = small(&folder);
                for packed in [false, true] {
                    if packed {
                        FILES.iter().for_each(|(images, labels)| {
                            gzip(&folder.join(images));
                            gzip(&folder.join(labels));
                        });
                    }
                    let options = OpenOptions::default();
                    let (train, test) =
                        open(name, root.path(), &options).unwrap().into_images().unwrap();
                    assert_eq!(train.pixels, made.pixels);
                    assert_eq!(train.labels, made.labels);
                    assert_eq!((test.len(), test.classes.len()), (20, 10));
                }
            }
        }
    }

    #[test]
    fn sets_like_it_are_read_by_their_own_names() {
        let root = tempfile::tempdir().unwrap();
        let at = |name: &str| root.path().join(name);
        let image = |i: usize| if i < 14 { 255 } else { 0 };
        let images = |n: u8| {
            let pixels = (0..usize::from(n) * 784).map(|i| image(i % 28)).collect::<Vec<u8>>();
            [&[0, 0, 8, 3, 0, 0, 0, n, 0, 0, 0, 28, 0, 0, 0, 28][..], &pixels].concat()
        };
        let labels =
            |values: &[u8]| [&[0, 0, 8, 1, 0, 0, 0, values.len() as u8][..], values].concat();
        fs::create_dir_all(at("EMNIST/raw")).unwrap();
        for part in ["train", "test"] {
            let file = |what: &str| at(&format!("EMNIST/raw/emnist-letters-{part}-{what}-ubyte"));
            fs::write(file("images-idx3"), images(2)).unwrap();
            fs::write(file("labels-idx1"), labels(&[1, 26])).unwrap();
        }
        let open = |name: &str| open(name, root.path(), &OpenOptions::default());
        let (train, _) = open("emnist-letters").unwrap().into_images().unwrap();
        assert_eq!((train.labels.as_slice(), train.classes.len()), (&[0, 25][..], 26));
        assert_eq!((train.classes[0].as_str(), train.classes[25].as_str()), ("a", "z"));
        // The left half is white in the file, and the upper half in the image.
        assert!((0..784).all(|i| train.image(1)[i] == image(i / 28)));
        assert_eq!((characters("byclass").len(), characters("balanced").len()), (62, 47));
        assert_eq!(characters("bymerge")[36..].concat(), "abdefghnqrt");
        assert!(open("emnist-digits").is_err());
        // Its files come in an archive, whose checksum is all that is known.
        let options = OpenOptions::default();
        let report =
            crate::check("emnist-letters", root.path(), &options, crate::TO_THE_END).unwrap();
        assert!(report.files.len() == 4 && report.files.iter().all(|file| file.unknown));
        // Labels of eight columns.
        fs::create_dir_all(at("qmnist")).unwrap();
        for part in ["train", "test"] {
            fs::write(at(&format!("qmnist/qmnist-{part}-images-idx3-ubyte")), images(1)).unwrap();
            let row = [&[0, 0, 0, 7][..], &[9; 28]].concat();
            let labels = [&[0, 0, 12, 2, 0, 0, 0, 1, 0, 0, 0, 8][..], &row].concat();
            fs::write(at(&format!("qmnist/qmnist-{part}-labels-idx2-int")), labels).unwrap();
        }
        let (_, test) = open("qmnist").unwrap().into_images().unwrap();
        assert_eq!(test.labels, [7]);
        small(&at("KMNIST/raw"));
        let (train, _) = open("kmnist").unwrap().into_images().unwrap();
        assert_eq!(train.classes[9], "wo");
    }

    #[test]
    fn a_subset_is_chosen_by_the_options() {
        let root = tempfile::tempdir().unwrap();
        small(&root.path().join("mnist"));
        let options =
            OpenOptions { train: Some(20), test: Some(10), seed: 1, ..OpenOptions::default() };
        let (train, test) = open("mnist", root.path(), &options).unwrap().into_images().unwrap();
        assert_eq!(train.class_counts(), [2; 10]);
        assert_eq!(test.class_counts(), [1; 10]);
        let options = OpenOptions { train: Some(31), ..options };
        let problem = open("mnist", root.path(), &options).unwrap_err().to_string();
        assert!(problem.contains("31 samples were asked for") && problem.contains("30"));
    }

    #[test]
    fn absent_files_are_named() {
        let root = tempfile::tempdir().unwrap();
        let problem = open("mnist", root.path(), &OpenOptions::default()).unwrap_err().to_string();
        assert!(problem.contains("mnist/train-images-idx3-ubyte"), "{problem}");
        small(&root.path().join("mnist"));
        fs::remove_file(root.path().join("mnist/t10k-labels-idx1-ubyte")).unwrap();
        let problem = open("mnist", root.path(), &OpenOptions::default()).unwrap_err().to_string();
        assert!(problem.contains("has no t10k-labels-idx1-ubyte[.gz]"), "{problem}");
    }

    /// Writes `bytes` over one file of a good set and gives the error of opening it.
    fn broken(file: &str, bytes: &[u8]) -> String {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("mnist");
        small(&folder);
        fs::write(folder.join(file), bytes).unwrap();
        let problem = open("mnist", root.path(), &OpenOptions::default()).unwrap_err().to_string();
        assert!(problem.contains(file) && !problem.contains('\n'), "{problem}");
        problem
    }

    #[test]
    fn every_wrong_byte_of_a_header_is_found() {
        let set = synthetic::digits(30, 0, Part::Train);
        let (images, labels) = idx::encode(&set).unwrap();
        let with = |bytes: &[u8], at: usize, value: u8| {
            let mut bytes = bytes.to_vec();
            bytes[at] = value;
            bytes
        };
        let (image_file, label_file) = FILES[0];
        for (file, bytes, wanted) in [
            (image_file, vec![], "byte 0: the file is empty"),
            (image_file, images[..1].to_vec(), "byte 1: the file ends within the header of 16"),
            (image_file, images[..15].to_vec(), "byte 15: the file ends within the header of 16"),
            (image_file, images[..16].to_vec(), "30 x 28 x 28 values, but 0 bytes follow"),
            (image_file, images[..images.len() - 1].to_vec(), "but 23519 bytes follow"),
            (image_file, [&images[..], &[0]].concat(), "but 23521 bytes follow"),
            (image_file, with(&images, 2, 9), "magic number 0x00000903, expected 0x00000803"),
            (image_file, with(&images, 3, 1), "magic number 0x00000801, expected 0x00000803"),
            (image_file, with(&images, 4, 255), "values, but 23520 bytes follow"),
            (image_file, with(&images, 7, 29), "byte 4: the header says 29 x 28 x 28 values"),
            (image_file, [&[0, 0, 8, 3], &[255; 12][..]].concat(), "values, but 0 bytes follow"),
            (image_file, [&[0, 0, 8, 3], &[0; 12][..]].concat(), "byte 4: a size of 0"),
            (label_file, labels[..6].to_vec(), "byte 6: the file ends within the header of 8"),
            (label_file, labels[..20].to_vec(), "the header says 30 values, but 12 bytes follow"),
            (label_file, with(&labels, 12, 10), "byte 12: label 10, expected one of 0 to 9"),
            (
                label_file,
                [&[0, 0, 8, 1, 0, 0, 0, 2], &[1; 2][..]].concat(),
                "2 labels, expected 30",
            ),
        ] {
            let problem = broken(file, &bytes);
            assert!(problem.contains(wanted), "{problem} does not say: {wanted}");
        }
        // 30 images of 28 x 28 are as many bytes as 60 of 14 x 28, which MNIST is not.
        let mut other = images.clone();
        other[7] = 60;
        other[11] = 14;
        let more_labels = [&[0, 0, 8, 1, 0, 0, 0, 60], &[1; 60][..]].concat();
        let root = tempfile::tempdir().unwrap();
        small(&root.path().join("mnist"));
        fs::write(root.path().join("mnist").join(image_file), other).unwrap();
        fs::write(root.path().join("mnist").join(label_file), more_labels).unwrap();
        let problem = open("mnist", root.path(), &OpenOptions::default()).unwrap_err().to_string();
        assert!(problem.contains("images of 14 x 28, expected 28 x 28"), "{problem}");
    }

    /// Writes a file anew: some file systems wait for the disk when one is cut and rewritten.
    fn replace(path: &Path, bytes: &[u8]) {
        fs::remove_file(path).unwrap();
        fs::write(path, bytes).unwrap();
    }

    #[test]
    fn a_gzip_file_cut_anywhere_is_refused() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("mnist");
        small(&folder);
        let name = FILES[0].0;
        gzip(&folder.join(name));
        let packed = folder.join(format!("{name}.gz"));
        let whole = fs::read(&packed).unwrap();
        for keep in (0..60).chain((60..whole.len()).step_by(97)).chain([whole.len() - 1]) {
            replace(&packed, &whole[..keep]);
            let problem = open("mnist", root.path(), &OpenOptions::default()).unwrap_err();
            assert!(matches!(problem, DataError::Format { .. }), "{keep}: {problem}");
        }
        for at in (0..whole.len()).step_by(61).filter(|&at| !(3..10).contains(&at)) {
            let mut flipped = whole.clone();
            flipped[at] ^= 0x55;
            replace(&packed, &flipped);
            assert!(open("mnist", root.path(), &OpenOptions::default()).is_err(), "byte {at}");
        }
    }

    #[test]
    fn real_mnist_matches_an_independent_reader() {
        let Some(root) = testing::real_data("mnist") else { return };
        let (train, test) =
            open("mnist", &root, &OpenOptions::default()).unwrap().into_images().unwrap();
        assert_eq!((train.len(), test.len()), (60_000, 10_000));
        let (mean, std) = train.channel_statistics()[0];
        assert!((mean - 0.1307).abs() < 5e-5 && (std - 0.3081).abs() < 5e-5, "{mean} {std}");
        // The mnist crate reads plain files only.
        let plain = tempfile::tempdir().unwrap();
        for (stem, path) in FILES
            .iter()
            .map(|f| [f.0, f.1])
            .zip(locate("mnist", &root).unwrap())
            .flat_map(|(stems, (images, labels))| [(stems[0], images), (stems[1], labels)])
        {
            let bytes =
                crate::formats::bytes::read_file(&path, 1 << 30, crate::TO_THE_END).unwrap().bytes;
            fs::write(plain.path().join(stem), bytes).unwrap();
        }
        let peer = mnist::MnistBuilder::new()
            .base_path(&plain.path().to_string_lossy())
            .label_format_digit()
            .finalize();
        assert!(peer.trn_img == train.pixels && peer.tst_img == test.pixels);
        let same =
            |peer: &[u8], own: &[u16]| peer.iter().map(|&l| u16::from(l)).eq(own.iter().copied());
        assert!(same(&peer.trn_lbl, &train.labels) && same(&peer.tst_lbl, &test.labels));
    }

    #[test]
    fn real_fashion_mnist_has_its_statistics() {
        let Some(root) = testing::real_data("fashion-mnist") else { return };
        let (train, _) =
            open("fashion-mnist", &root, &OpenOptions::default()).unwrap().into_images().unwrap();
        let (mean, std) = train.channel_statistics()[0];
        assert!((mean - 0.2860).abs() < 5e-5 && (std - 0.3530).abs() < 5e-5, "{mean} {std}");
        assert_eq!(train.class_counts(), [6000; 10]);
    }
}
