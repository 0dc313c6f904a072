use super::conv::{conv3x3_in_tensors, upsample};
use super::kernels::{self, Geometry, Packed, WeightGradient};
use super::pool::max_pool_in_tensors;
use super::*;
use burn::tensor::{Device, Tensor, TensorData};
use equipoise_random::stream;
use equipoise_simd::Instructions;

/// A tensor of normal numbers.
fn normal<const D: usize>(shape: [usize; D], name: &str, device: &Device) -> Tensor<D> {
    let mut s = stream(1, name, 0);
    let numbers: Vec<f32> = (0..shape.iter().product()).map(|_| s.normal() as f32).collect();
    Tensor::from_data(TensorData::new(numbers, shape), device).require_grad()
}

fn numbers<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_into_vec().unwrap()
}

/// The largest difference, over the largest number of `b`.
fn apart(a: Vec<f32>, b: Vec<f32>) -> f32 {
    assert_eq!(a.len(), b.len());
    let scale = b.iter().fold(0.0f32, |m, x| m.max(x.abs()));
    assert!(scale > 0.0);
    a.iter().zip(&b).fold(0.0f32, |m, (a, b)| m.max((a - b).abs())) / scale
}

/// Checks the value and all gradients of a convolution of one or two parts against tensors.
fn check(
    full: Option<usize>,
    half: Option<usize>,
    outputs: usize,
    side: [usize; 2],
    a: Activation,
) {
    let device = Device::flex().autodiff();
    let [height, width] = side;
    let batch = 3;
    let inputs = full.unwrap_or(0) + half.unwrap_or(0);
    let weight = normal([9 * inputs, outputs], "weight", &device);
    let bias = normal([outputs], "bias", &device);
    let full = full.map(|c| normal([batch, height, width, c], "full", &device));
    let half = half.map(|c| normal([batch, height / 2, width / 2, c], "half", &device));
    let score = normal([batch, height, width, outputs], "score", &device).detach();
    let (w, b) = (weight.clone(), bias.clone());
    let (got, want) = match (full.clone(), half.clone()) {
        (Some(x), None) => {
            (conv3x3(x.clone(), w.clone(), b.clone(), a), conv3x3_in_tensors(x, w, b, a))
        }
        (None, Some(x)) => (
            upsample_conv3x3(x.clone(), w.clone(), b.clone(), a),
            conv3x3_in_tensors(upsample(x), w, b, a),
        ),
        (Some(x), Some(y)) => (
            join_conv3x3(x.clone(), y.clone(), w.clone(), b.clone(), a),
            conv3x3_in_tensors(Tensor::cat(vec![x, upsample(y)], 3), w, b, a),
        ),
        (None, None) => unreachable!(),
    };
    assert!(apart(numbers(got.clone().inner()), numbers(want.clone().inner())) < 1e-5);
    let got = (got * score.clone()).sum().backward();
    let want = (want * score).sum().backward();
    let same = |a: Option<Vec<f32>>, b: Option<Vec<f32>>, what: &str| {
        let apart = apart(a.unwrap(), b.unwrap());
        assert!(apart < 2e-5, "gradient of the {what} off by {apart}");
    };
    same(weight.grad(&got).map(numbers), weight.grad(&want).map(numbers), "weights");
    same(bias.grad(&got).map(numbers), bias.grad(&want).map(numbers), "bias");
    for (image, what) in [(full, "image"), (half, "half image")] {
        if let Some(image) = image {
            same(image.grad(&got).map(numbers), image.grad(&want).map(numbers), what);
        }
    }
}

#[test]
fn convolution_agrees_with_tensors() {
    use Activation::{Identity, Relu};
    check(Some(1), None, 16, [28, 28], Relu);
    check(Some(16), None, 32, [14, 14], Relu);
    check(Some(48), None, 64, [7, 7], Identity);
    check(Some(16), None, 1, [28, 28], Identity);
    check(Some(3), None, 3, [32, 32], Relu);
    check(Some(5), None, 24, [6, 10], Relu);
    check(Some(40), None, 7, [5, 9], Identity);
}

#[test]
fn joined_and_upsampled_sources_agree_with_tensors() {
    use Activation::{Identity, Relu};
    check(Some(16), Some(32), 16, [28, 28], Relu);
    check(Some(3), Some(6), 9, [8, 12], Identity);
    check(None, Some(32), 16, [14, 14], Relu);
}

#[test]
fn gradients_agree_with_finite_differences() {
    let device = Device::flex().autodiff();
    let image = normal([1, 4, 6, 2], "image", &device);
    let weight = normal([18, 20], "weight", &device);
    let bias = normal([20], "bias", &device);
    let score = normal([1, 4, 6, 20], "score", &device).detach();
    let loss = |image: Tensor<4>| {
        let out = conv3x3(image, weight.clone(), bias.clone(), Activation::Identity);
        (out * score.clone()).sum()
    };
    let gradient = numbers(image.grad(&loss(image.clone()).backward()).unwrap());
    let step = 0.25f32; // the function is linear in the image
    for (i, &got) in gradient.iter().enumerate() {
        let moved = |by: f32| {
            let mut all = numbers(image.clone().inner());
            all[i] += by;
            let moved = Tensor::from_data(TensorData::new(all, [1, 4, 6, 2]), &device);
            f64::from(loss(moved).into_scalar::<f32>())
        };
        let want = (moved(step) - moved(-step)) / f64::from(2.0 * step);
        assert!((want - f64::from(got)).abs() < 2e-3, "{want} {got}");
    }
}

#[test]
fn pooling_agrees_with_tensors() {
    let device = Device::flex().autodiff();
    let image = normal([3, 8, 6, 5], "image", &device);
    let score = normal([3, 4, 3, 5], "score", &device).detach();
    let (got, want) = (max_pool2x2(image.clone()), max_pool_in_tensors(image.clone()));
    assert_eq!(numbers(got.clone().inner()), numbers(want.clone().inner()));
    let got = (got * score.clone()).sum().backward();
    let want = (want * score).sum().backward();
    let gradient = |g| numbers(image.grad(g).unwrap());
    assert_eq!(gradient(&got), gradient(&want));
}

#[test]
fn every_instruction_set_gives_the_same_bits() {
    for (inputs, outputs, height, width) in [(3, 37, 6, 15), (16, 2, 5, 8), (7, 64, 3, 9)] {
        let geometry = Geometry { height, width, inputs, outputs };
        let mut s = stream(4, "instruction-sets", inputs as u64);
        let mut draw = |n: usize| (0..n).map(|_| s.normal() as f32).collect::<Vec<f32>>();
        let packed = Packed::new(geometry, &draw(9 * inputs * outputs), &draw(outputs));
        let bordered = draw(geometry.bordered());
        let upstream = draw(geometry.transposed().bordered());
        let results = |instructions| {
            let mut out = vec![0.0; geometry.pixels() * outputs];
            kernels::convolve(instructions, &bordered, &packed, true, &mut out);
            let mut sums = WeightGradient::new(geometry);
            kernels::accumulate(instructions, &bordered, &upstream, &mut sums);
            (out, sums.unpacked())
        };
        let want = results(Instructions::PORTABLE);
        for instructions in Instructions::available() {
            assert_eq!(results(instructions), want, "{instructions:?}");
        }
    }
}
