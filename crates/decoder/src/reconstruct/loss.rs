//! How far a reconstruction is from the image, in tensors that carry gradients.

use burn::tensor::{Device, Tensor, TensorData};

/// Side of the Gaussian window of SSIM in pixels (Wang et al. 2004, IEEE Trans. Image Process.
/// 13:600).
pub const SSIM_WINDOW: usize = 11;
/// Its standard deviation in pixels.
const SSIM_SIGMA: f64 = 1.5;
/// Constants of SSIM, for intensities in [0, 1].
const C1: f64 = 0.01 * 0.01;
const C2: f64 = 0.03 * 0.03;

/// (1 - share) MSE + share (1 - SSIM) of each image: [batch, h, w, c] twice to `[batch]`.
pub fn reconstruction_loss(images: Tensor<4>, target: Tensor<4>, share: f64) -> Tensor<1> {
    match share {
        0.0 => squared_error(images, target),
        1.0 => -ssim(images, target) + 1.0,
        _ => {
            let unlike = -ssim(images.clone(), target.clone()) + 1.0;
            squared_error(images, target) * (1.0 - share) + unlike * share
        }
    }
}

/// Mean squared error of each image.
pub fn squared_error(images: Tensor<4>, target: Tensor<4>) -> Tensor<1> {
    let [batch, height, width, channels] = images.dims();
    let difference = (images - target).reshape([batch, height * width * channels]);
    difference.clone().mul(difference).mean_dim(1).reshape([batch])
}

/// Structural similarity of each image: Gaussian window, population covariance, the mean over all
/// windows that lie in the image and over channels.
///
/// # Panics
/// If the images are smaller than the window.
pub fn ssim(images: Tensor<4>, target: Tensor<4>) -> Tensor<1> {
    let [batch, height, width, channels] = images.dims();
    let device = images.device();
    let (vertical, horizontal) = (window(height, &device), window(width, &device).transpose());
    let blur = |x: Tensor<3>| {
        vertical.clone().unsqueeze::<3>().matmul(x).matmul(horizontal.clone().unsqueeze::<3>())
    };
    let planes = |x: Tensor<4>| x.permute([0, 3, 1, 2]).reshape([batch * channels, height, width]);
    let (x, y) = (planes(images), planes(target));
    let (mean_x, mean_y) = (blur(x.clone()), blur(y.clone()));
    let mean_xy = mean_x.clone() * mean_y.clone();
    let (mean_xx, mean_yy) = (mean_x.clone() * mean_x, mean_y.clone() * mean_y);
    let variance_x = blur(x.clone() * x.clone()) - mean_xx.clone();
    let variance_y = blur(y.clone() * y.clone()) - mean_yy.clone();
    let covariance = blur(x * y) - mean_xy.clone();
    let likeness = (mean_xy * 2.0 + C1) * (covariance * 2.0 + C2)
        / ((mean_xx + mean_yy + C1) * (variance_x + variance_y + C2));
    let windows = (height - SSIM_WINDOW + 1) * (width - SSIM_WINDOW + 1);
    likeness.reshape([batch, channels * windows]).mean_dim(1).reshape([batch])
}

/// The window's weights at each of its places along a side: [side - 10, side].
fn window(side: usize, device: &Device) -> Tensor<2> {
    assert!(side >= SSIM_WINDOW, "an image of {side} pixels is smaller than the window");
    let centre = (SSIM_WINDOW / 2) as f64;
    let weight = |i: usize| libm::exp(-(i as f64 - centre).powi(2) / (2.0 * SSIM_SIGMA.powi(2)));
    let total: f64 = (0..SSIM_WINDOW).map(weight).sum();
    let places = side - SSIM_WINDOW + 1;
    let mut weights = vec![0.0f32; places * side];
    for place in 0..places {
        for i in 0..SSIM_WINDOW {
            weights[place * side + place + i] = (weight(i) / total) as f32;
        }
    }
    Tensor::from_data(TensorData::new(weights, [places, side]), device)
}
