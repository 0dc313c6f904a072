//! Labelled images of one size.

use crate::error::DataError;
use crate::identity::{DataIdentity, Fingerprint, Source};
use crate::select::{Share, balanced_indices, class_counts, stratified_split};

/// The size of every image of a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct ImageShape {
    /// Colour channels: 1 (grey) or 3 (red, green, blue).
    pub channels: usize,
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
}

impl ImageShape {
    /// The number of values in an image, channels x height x width.
    pub fn pixels(&self) -> usize {
        self.channels * self.height * self.width
    }
}

impl From<(usize, usize, usize)> for ImageShape {
    /// Channels, height, width.
    fn from((channels, height, width): (usize, usize, usize)) -> Self {
        Self { channels, height, width }
    }
}

impl std::fmt::Display for ImageShape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}x{}x{}", self.channels, self.height, self.width)
    }
}

/// Labelled images of one size, 8 bits a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageSet {
    /// The size of every image.
    pub shape: ImageShape,
    /// The values, `[images, channels, height, width]` with the last index fastest.
    pub pixels: Vec<u8>,
    /// The class of each image, below `classes.len()`.
    pub labels: Vec<u16>,
    /// The names of the classes; none if the images have no labels, which are all 0 then.
    pub classes: Vec<String>,
    /// The set's name, such as "mnist/train".
    pub name: String,
    /// Where the images come from.
    pub source: Source,
    /// The index of each image in its source, before any selection, split or new order.
    pub indices: Vec<usize>,
}

impl ImageSet {
    /// A set of images that the caller has in memory: values `[images, channels, height, width]`.
    ///
    /// # Errors
    /// If there is no value in an image, the number of values does not fit that of the labels, or
    /// a label is no class.
    pub fn new(
        name: impl Into<String>,
        shape: ImageShape,
        pixels: Vec<u8>,
        labels: Vec<u16>,
        classes: Vec<String>,
    ) -> Result<ImageSet, DataError> {
        let name = name.into();
        let wanted = shape
            .channels
            .checked_mul(shape.height)
            .and_then(|n| n.checked_mul(shape.width))
            .filter(|&n| n > 0)
            .and_then(|n| n.checked_mul(labels.len()));
        if wanted != Some(pixels.len()) {
            return Err(DataError::Request(format!(
                "{name}: {} values for {} images of {shape}",
                pixels.len(),
                labels.len()
            )));
        }
        check_labels(&name, &labels, &classes)?;
        let indices = (0..labels.len()).collect();
        Ok(ImageSet { shape, pixels, labels, classes, name, source: Source::Memory, indices })
    }

    /// The digest of the content: values, size, labels, names of the classes, and order.
    pub fn fingerprint(&self) -> Fingerprint {
        let mut digest = Fingerprint::builder("images");
        let ImageShape { channels, height, width } = self.shape;
        digest
            .list([channels, height, width].into_iter().map(|n| (n as u64).to_le_bytes()))
            .bytes(&self.pixels)
            .list(self.labels.iter().map(|l| l.to_le_bytes()))
            .texts(&self.classes)
            .finish()
    }

    /// What the set is made of, to be kept with results and compared.
    pub fn identity(&self) -> DataIdentity {
        let form = format!("images {}", self.shape);
        DataIdentity::new(&self.name, &self.source, form, &self.indices, self.fingerprint())
    }

    /// Whether the images have labels.
    pub fn is_labelled(&self) -> bool {
        !self.classes.is_empty()
    }

    /// Refuses images without labels, for what cannot do without.
    ///
    /// # Errors
    /// [`DataError::Unlabelled`].
    pub fn require_labels(&self) -> Result<(), DataError> {
        if self.is_labelled() {
            return Ok(());
        }
        Err(DataError::Unlabelled { name: self.name.clone() })
    }

    /// The number of images.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether the set holds no image.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// The values of image `i`, `[channels, height, width]`.
    ///
    /// # Panics
    /// If there is no image `i`.
    pub fn image(&self, i: usize) -> &[u8] {
        let pixels = self.shape.pixels();
        &self.pixels[i * pixels..(i + 1) * pixels]
    }

    /// The values of image `i` as intensities in [0, 1].
    ///
    /// # Panics
    /// If there is no image `i`.
    pub fn intensities(&self, i: usize) -> Vec<f32> {
        self.image(i).iter().map(|&p| f32::from(p) / 255.0).collect()
    }

    /// Writes the intensities of image `i`, in [0, 1], to `out`.
    ///
    /// # Panics
    /// If there is no image `i`, or `out` is not one image long.
    pub fn write_intensities(&self, i: usize, out: &mut [f32]) {
        let image = self.image(i);
        assert_eq!(out.len(), image.len(), "the buffer must hold one image");
        for (out, &p) in out.iter_mut().zip(image) {
            *out = f32::from(p) / 255.0;
        }
    }

    /// The images at `indices`, in that order (repetitions allowed).
    ///
    /// # Panics
    /// If an index is out of range.
    pub fn subset(&self, indices: &[usize]) -> ImageSet {
        let mut pixels = Vec::with_capacity(indices.len() * self.shape.pixels());
        indices.iter().for_each(|&i| pixels.extend_from_slice(self.image(i)));
        ImageSet {
            shape: self.shape,
            pixels,
            labels: indices.iter().map(|&i| self.labels[i]).collect(),
            classes: self.classes.clone(),
            name: self.name.clone(),
            source: self.source.clone(),
            indices: indices.iter().map(|&i| self.indices[i]).collect(),
        }
    }

    /// The indices of `n` images with the classes as equal as the set allows; the first m of
    /// them are what the call with m < n returns.
    ///
    /// # Errors
    /// If there are fewer than `n` images.
    pub fn balanced_indices(&self, n: usize, seed: u64) -> Result<Vec<usize>, DataError> {
        balanced_indices(&self.labels, n, seed)
    }

    /// The images at [`Self::balanced_indices`].
    ///
    /// # Errors
    /// If there are fewer than `n` images.
    pub fn balanced_subset(&self, n: usize, seed: u64) -> Result<ImageSet, DataError> {
        Ok(self.subset(&self.balanced_indices(n, seed)?))
    }

    /// Splits into (training, validation), `share` of the images going to validation with every
    /// class in proportion.
    ///
    /// # Errors
    /// If a part would be empty.
    pub fn split_validation(
        &self,
        share: Share,
        seed: u64,
    ) -> Result<(ImageSet, ImageSet), DataError> {
        let (train, validation) = stratified_split(&self.labels, share, seed)?;
        Ok((self.subset(&train), self.subset(&validation)))
    }

    /// The number of images of each class.
    pub fn class_counts(&self) -> Vec<usize> {
        class_counts(&self.labels, self.classes.len())
    }

    /// Mean and standard deviation of the intensities of each channel.
    pub fn channel_statistics(&self) -> Vec<(f64, f64)> {
        let plane = self.shape.height * self.shape.width;
        let mut histograms = vec![[0u64; 256]; self.shape.channels];
        for (k, values) in self.pixels.chunks(plane.max(1)).enumerate() {
            let histogram = &mut histograms[k % self.shape.channels];
            values.iter().for_each(|&v| histogram[usize::from(v)] += 1);
        }
        let moments = |histogram: &[u64; 256]| {
            let n = histogram.iter().sum::<u64>().max(1) as f64;
            let moment = |power: i32| {
                let weighted = |(v, &c): (usize, &u64)| (v as f64 / 255.0).powi(power) * c as f64;
                histogram.iter().enumerate().map(weighted).sum::<f64>() / n
            };
            let mean = moment(1);
            (mean, (moment(2) - mean * mean).max(0.0).sqrt())
        };
        histograms.iter().map(moments).collect()
    }
}

/// Every label is a class.
pub(crate) fn check_labels(
    name: &str,
    labels: &[u16],
    classes: &[String],
) -> Result<(), DataError> {
    // Without classes there are no labels, and all are 0.
    match labels.iter().position(|&l| usize::from(l) >= classes.len().max(1)) {
        None => Ok(()),
        Some(i) => Err(DataError::Request(format!(
            "{name}: sample {i} has label {}, but there are {} classes",
            labels[i],
            classes.len()
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DifferenceKind;

    fn set() -> ImageSet {
        let shape = ImageShape { channels: 1, height: 1, width: 2 };
        let labels = (0..10).map(|i| i % 2).collect();
        let classes = vec!["even".into(), "odd".into()];
        ImageSet::new("test", shape, (0..20).map(|i| i * 10).collect(), labels, classes).unwrap()
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let shape = ImageShape { channels: 1, height: 2, width: 2 };
        let make = |shape, pixels: usize, labels: &[u16]| {
            ImageSet::new("x", shape, vec![0; pixels], labels.to_vec(), vec!["a".into()])
        };
        assert!(make(shape, 8, &[0, 0]).is_ok());
        assert!(make(shape, 7, &[0, 0]).is_err());
        assert!(make(shape, 8, &[0, 1]).is_err());
        let unlabelled = ImageSet::new("x", shape, vec![0; 8], vec![0; 2], Vec::new()).unwrap();
        assert!(unlabelled.class_counts().is_empty() && !unlabelled.is_labelled());
        assert!(matches!(unlabelled.require_labels(), Err(DataError::Unlabelled { .. })));
        assert_eq!(unlabelled.balanced_subset(2, 0).unwrap().len(), 2);
        assert!(make(ImageShape { width: 0, ..shape }, 0, &[0, 0]).is_err());
        assert!(make(ImageShape { width: usize::MAX, ..shape }, 8, &[0, 0]).is_err());
    }

    #[test]
    fn a_selection_is_traced_to_its_source() {
        use crate::DifferenceKind::{Content, Form, Name, Order, Samples, Selection};
        let set =
            ImageSet { source: Source::Synthetic { generator: "g".into(), seed: 1 }, ..set() };
        let chosen = set.subset(&[7, 2, 5]).subset(&[2, 0]);
        assert_eq!(chosen.indices, [5, 7]);
        assert_eq!(chosen.pixels, [set.image(5), set.image(7)].concat());
        let kind = |here: &ImageSet, expected: &ImageSet| {
            here.identity().difference(&expected.identity()).map(|d| d.kind)
        };
        assert_eq!(kind(&set, &set.clone()), None);
        assert_eq!(kind(&chosen, &set.subset(&[5, 7])), None);
        assert_eq!(kind(&chosen, &set.subset(&[7, 5])), Some(Order));
        assert_eq!(kind(&chosen, &set.subset(&[5, 6])), Some(Selection));
        assert_eq!(kind(&chosen, &set), Some(Samples(2, 10)));
        let seed = Source::Synthetic { generator: "g".into(), seed: 2 };
        let other = ImageSet { source: seed, pixels: vec![0; 20], ..set.clone() };
        assert!(matches!(kind(&other, &set), Some(DifferenceKind::Source(_))));
        let tall = ImageShape { channels: 1, height: 2, width: 1 };
        assert!(matches!(kind(&ImageSet { shape: tall, ..set.clone() }, &set), Some(Form(..))));
        let named = ImageSet { name: "g/train".into(), pixels: vec![0; 20], ..set.clone() };
        assert!(matches!(kind(&named, &set), Some(Name(..))));
        // A name alone is no difference: the content decides.
        assert_eq!(kind(&ImageSet { name: "moved/test".into(), ..set.clone() }, &set), None);
        let memory = ImageSet { source: Source::Memory, ..set };
        let changed = ImageSet { pixels: vec![1; 20], ..memory.clone() };
        assert_eq!(kind(&changed, &memory), Some(Content));
        // Every part of the content counts.
        let base = memory.fingerprint();
        let mut labels = memory.clone();
        labels.labels[3] = 0;
        let mut classes = memory.clone();
        classes.classes[0] = "evens".into();
        for other in [labels, classes, memory.subset(&[1, 0, 2, 3, 4, 5, 6, 7, 8, 9])] {
            assert_ne!(other.fingerprint(), base);
        }
    }

    #[test]
    fn images_follow_their_index() {
        let set = set();
        assert_eq!(set.image(3), [60, 70]);
        assert_eq!(set.subset(&[3, 3, 0]).pixels, [60, 70, 60, 70, 0, 10]);
        assert_eq!(set.subset(&[3, 3, 0]).labels, [1, 1, 0]);
        let mut out = [0.0; 2];
        set.write_intensities(3, &mut out);
        assert_eq!(out.to_vec(), set.intensities(3));
        assert_eq!(out[0], 60.0 / 255.0);
        assert_eq!(set.class_counts(), [5, 5]);
    }

    #[test]
    fn statistics_match_their_definition() {
        let set = set();
        let values: Vec<f64> = set.pixels.iter().map(|&p| f64::from(p) / 255.0).collect();
        let mean = values.iter().sum::<f64>() / 20.0;
        let std = (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / 20.0).sqrt();
        let (m, s) = set.channel_statistics()[0];
        assert!((m - mean).abs() < 1e-12 && (s - std).abs() < 1e-12);
    }

    #[test]
    fn a_split_is_a_partition() {
        let (train, validation) = set().split_validation(Share::Count(4), 3).unwrap();
        assert_eq!(validation.class_counts(), [2, 2]);
        assert_eq!(train.class_counts(), [3, 3]);
        let mut all = [train.pixels, validation.pixels].concat();
        all.sort_unstable();
        assert_eq!(all, set().pixels);
    }
}
