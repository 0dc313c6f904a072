//! Images as a study shows them: in a random order, and of a brightness that may vary.

use equipoise_data::{ImageSet, ImageShape};
use equipoise_random::{derive_seed, stream};

/// The images of a part of the data.
#[derive(Debug, Clone, Copy)]
pub struct Pictures<'a> {
    /// The images.
    pub set: &'a ImageSet,
    /// Each image is dimmed by a factor of its own, uniform from this to 1.
    pub brightness: f64,
    /// Seed of the factors.
    pub seed: u64,
}

impl Pictures<'_> {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.set.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.set.is_empty()
    }

    /// Their shape.
    pub fn shape(&self) -> ImageShape {
        self.set.shape
    }

    /// The factor of an image.
    pub fn factor(&self, index: usize) -> f64 {
        if self.brightness >= 1.0 {
            return 1.0;
        }
        let mut draws = stream(self.seed, "coding/brightness", index as u64);
        draws.range(self.brightness, 1.0)
    }

    /// Writes an image as it is shown, `[channels, height, width]`, intensities in [0, 1].
    pub fn write(&self, index: usize, out: &mut [f32]) {
        self.set.write_intensities(index, out);
        let factor = self.factor(index) as f32;
        if factor < 1.0 {
            out.iter_mut().for_each(|x| *x *= factor);
        }
    }

    /// An image as it is shown.
    pub fn shown(&self, index: usize) -> Vec<f32> {
        let mut image = vec![0.0; self.shape().pixels()];
        self.write(index, &mut image);
        image
    }

    /// All images as they are and not as they are shown, one after the other: what is to be
    /// reconstructed.
    pub fn targets(&self) -> Vec<f32> {
        crate::reconstruction::images::intensities(self.set)
    }

    /// An order in which they are shown one after the other, round and round, so that each follows
    /// one that has nothing to do with it.
    pub fn order(&self) -> Vec<usize> {
        stream(derive_seed(self.seed, "coding/order", 0), "shuffle", 0).permutation(self.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_dimmed_each_by_its_own_factor() {
        let shape = ImageShape { channels: 1, height: 1, width: 2 };
        let set = ImageSet::new("mine", shape, vec![255; 400], vec![0; 200], Vec::new()).unwrap();
        let pictures = Pictures { set: &set, brightness: 0.25, seed: 3 };
        let factors: Vec<f64> = (0..200).map(|i| pictures.factor(i)).collect();
        assert!(factors.iter().all(|f| (0.25..1.0).contains(f)));
        let mean = factors.iter().sum::<f64>() / 200.0;
        assert!((mean - 0.625).abs() < 4.5 * (0.75 / 12f64.sqrt()) / 200f64.sqrt(), "{mean}");
        assert_eq!(pictures.shown(7), [factors[7] as f32; 2]);
        let plain = Pictures { brightness: 1.0, ..pictures };
        assert_eq!(plain.shown(7), [1.0; 2]);
        let mut order = plain.order();
        assert_ne!(order, (0..200).collect::<Vec<_>>());
        order.sort_unstable();
        assert_eq!(order, (0..200).collect::<Vec<_>>());
    }
}
