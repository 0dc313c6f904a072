//! The inner loops of a 3x3 convolution on one image with its border.
//!
//! An image is stored row by row, pixel by pixel, its channels together. Around it lies a border
//! of one pixel of zeros, so for a fixed kernel row the `3 * inputs` numbers that one output pixel
//! needs are contiguous, and no copy of patches is made: a tile of neighbouring output pixels
//! reads them at a distance of `inputs`.

use equipoise_simd::{F32x16, Instructions, LANES, Simd, Task};

/// Convolutions with at most this many outputs take the numbers of the sum, not the outputs, as
/// vector lanes.
pub(super) const NARROW: usize = 4;

/// The sizes of one convolution of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Geometry {
    pub height: usize,
    pub width: usize,
    /// Channels in.
    pub inputs: usize,
    /// Channels out.
    pub outputs: usize,
}

impl Geometry {
    /// Pixels of the image.
    pub(super) fn pixels(&self) -> usize {
        self.height * self.width
    }

    /// Numbers that one output pixel takes from each of three rows.
    fn depth(&self) -> usize {
        3 * self.inputs
    }

    /// Numbers of one row of the image with its border.
    pub(super) fn bordered_row(&self) -> usize {
        (self.width + 2) * self.inputs
    }

    /// Numbers of the image with its border, and one vector more, so that a vector can be read
    /// from any of them.
    pub(super) fn bordered(&self) -> usize {
        (self.height + 2) * self.bordered_row() + LANES
    }

    /// Whether few outputs make the sum the vector direction.
    fn narrow(&self) -> bool {
        self.outputs <= NARROW
    }

    /// The convolution that makes the gradient of the input of that of the output.
    pub(super) fn transposed(&self) -> Self {
        Self { inputs: self.outputs, outputs: self.inputs, ..*self }
    }
}

fn round_up(n: usize) -> usize {
    n.next_multiple_of(LANES)
}

/// Weights in the order in which the kernels read them.
pub(super) struct Packed {
    geometry: Geometry,
    weights: Vec<f32>,
    bias: Vec<f32>,
}

impl Packed {
    /// From `weight` [9 inputs, outputs] (kernel row, kernel column, input) and `bias` [outputs].
    pub(super) fn new(geometry: Geometry, weight: &[f32], bias: &[f32]) -> Self {
        let outputs = geometry.outputs;
        Self::from_fn(geometry, bias, |row, output| weight[row * outputs + output])
    }

    /// The weights of the convolution of the backward pass: turned by half a turn, inputs
    /// and outputs exchanged. `geometry` and `weight` are those of the convolution itself.
    pub(super) fn transposed(geometry: Geometry, weight: &[f32]) -> Self {
        let Geometry { inputs, outputs, .. } = geometry;
        Self::from_fn(geometry.transposed(), &vec![0.0; inputs], |row, input| {
            let (tap, output) = (row / outputs, row % outputs);
            weight[((8 - tap) * inputs + input) * outputs + output]
        })
    }

    fn from_fn(geometry: Geometry, bias: &[f32], at: impl Fn(usize, usize) -> f32) -> Self {
        let (depth, outputs) = (geometry.depth(), geometry.outputs);
        let mut padded_bias = vec![0.0; round_up(outputs)];
        padded_bias[..outputs].copy_from_slice(bias);
        let weights = if geometry.narrow() {
            let chunk = round_up(depth);
            let mut weights = vec![0.0; outputs * 3 * chunk];
            for output in 0..outputs {
                for row in 0..3 * depth {
                    weights[(output * 3 + row / depth) * chunk + row % depth] = at(row, output);
                }
            }
            weights
        } else {
            let columns = round_up(outputs);
            let mut weights = vec![0.0; 3 * depth * columns];
            for (row, line) in weights.chunks_exact_mut(columns).enumerate() {
                for (output, weight) in line[..outputs].iter_mut().enumerate() {
                    *weight = at(row, output);
                }
            }
            weights
        };
        Self { geometry, weights, bias: padded_bias }
    }
}

/// Sums of the gradient of the weights, in the layout of the kernels.
pub(super) struct WeightGradient {
    geometry: Geometry,
    sums: Vec<f32>,
}

impl WeightGradient {
    /// All zero.
    pub(super) fn new(geometry: Geometry) -> Self {
        let Geometry { outputs, .. } = geometry;
        let depth = geometry.depth();
        let len = if geometry.narrow() {
            outputs * 3 * round_up(depth)
        } else {
            3 * depth * round_up(outputs)
        };
        Self { geometry, sums: vec![0.0; len] }
    }

    /// Adds another's sums.
    pub(super) fn add(&mut self, other: &Self) {
        for (a, b) in self.sums.iter_mut().zip(&other.sums) {
            *a += b;
        }
    }

    /// As [9 inputs, outputs].
    pub(super) fn unpacked(&self) -> Vec<f32> {
        let (depth, outputs) = (self.geometry.depth(), self.geometry.outputs);
        let mut weight = vec![0.0; 3 * depth * outputs];
        for (row, line) in weight.chunks_exact_mut(outputs).enumerate() {
            for (output, value) in line.iter_mut().enumerate() {
                *value = if self.geometry.narrow() {
                    let chunk = round_up(depth);
                    self.sums[(output * 3 + row / depth) * chunk + row % depth]
                } else {
                    self.sums[row * round_up(outputs) + output]
                };
            }
        }
        weight
    }
}

/// One image's convolution: `bordered` (see [`Geometry::bordered`]) to `out` [pixels, outputs],
/// with what is negative set to 0 when `relu` is set.
pub(super) fn convolve(
    instructions: Instructions,
    bordered: &[f32],
    w: &Packed,
    relu: bool,
    out: &mut [f32],
) {
    let geometry = w.geometry;
    assert_eq!(bordered.len(), geometry.bordered());
    assert_eq!(out.len(), geometry.pixels() * geometry.outputs);
    instructions.run(Convolve { bordered, w, relu, out });
}

/// Adds one image's part to the gradient of the weights: `bordered` is the input image with its
/// border, `gradient` that of the output, with its border too.
pub(super) fn accumulate(
    instructions: Instructions,
    bordered: &[f32],
    gradient: &[f32],
    sums: &mut WeightGradient,
) {
    assert_eq!(bordered.len(), sums.geometry.bordered());
    assert_eq!(gradient.len(), sums.geometry.transposed().bordered());
    instructions.run(Accumulate { bordered, gradient, sums });
}

/// [`convolve`], whose slices have the lengths of `w.geometry`.
struct Convolve<'a> {
    bordered: &'a [f32],
    w: &'a Packed,
    relu: bool,
    out: &'a mut [f32],
}

impl Task for Convolve<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Convolve { bordered, w, relu, out } = self;
        if w.geometry.narrow() {
            narrow_forward(simd, bordered, w, relu, out);
            return;
        }
        let columns = w.bias.len();
        let mut column = 0;
        while column < columns {
            // SAFETY: `convolve` checked the lengths, and the columns are within the weights'.
            unsafe {
                if wide::<S>() && columns - column >= 2 * LANES {
                    forward_columns::<S, 2>(simd, bordered, w, relu, out, column);
                    column += 2 * LANES;
                } else {
                    forward_columns::<S, 1>(simd, bordered, w, relu, out, column);
                    column += LANES;
                }
            }
        }
    }
}

/// Whether the registers hold tiles of more than four pixels, or two vectors of one pixel beside
/// each other.
const fn wide<S: Simd>() -> bool {
    S::REGISTERS >= 32
}

/// All pixels of `V * LANES` output channels from `column` on.
///
/// # Safety
/// The slices have the lengths of `w.geometry`, and the packed weights these channels.
#[inline(always)]
unsafe fn forward_columns<S: Simd, const V: usize>(
    simd: S,
    bordered: &[f32],
    w: &Packed,
    relu: bool,
    out: &mut [f32],
    column: usize,
) {
    let Geometry { height, width, .. } = w.geometry;
    for y in 0..height {
        let mut x = 0;
        // SAFETY: x + P <= width in each call, so all pixels of the tile are in the image.
        unsafe {
            if wide::<S>() && V == 1 {
                while width - x >= 14 {
                    forward_tile::<S, 14, V>(simd, bordered, w, relu, out, column, y, x);
                    x += 14;
                }
            }
            if wide::<S>() {
                while width - x >= 8 && width % 7 != 0 {
                    forward_tile::<S, 8, V>(simd, bordered, w, relu, out, column, y, x);
                    x += 8;
                }
                while width - x >= 7 {
                    forward_tile::<S, 7, V>(simd, bordered, w, relu, out, column, y, x);
                    x += 7;
                }
            }
            while width - x >= 4 {
                forward_tile::<S, 4, V>(simd, bordered, w, relu, out, column, y, x);
                x += 4;
            }
            while x < width {
                forward_tile::<S, 1, V>(simd, bordered, w, relu, out, column, y, x);
                x += 1;
            }
        }
    }
}

/// `P` pixels beside each other from (`y`, `x`) on, `V * LANES` channels.
///
/// # Safety
/// As for [`forward_columns`]; the pixels are in the image.
#[inline(always)]
#[allow(clippy::too_many_arguments, reason = "its callers differ in the constants")]
unsafe fn forward_tile<S: Simd, const P: usize, const V: usize>(
    simd: S,
    bordered: &[f32],
    w: &Packed,
    relu: bool,
    out: &mut [f32],
    column: usize,
    y: usize,
    x: usize,
) {
    let geometry = w.geometry;
    let Geometry { width, inputs, outputs, .. } = geometry;
    let (depth, row, columns) = (geometry.depth(), geometry.bordered_row(), w.bias.len());
    // SAFETY: the tile lies in the image, so the three rows of the bordered image from (y, x) on,
    // 3 + P - 1 pixels each, lie in `bordered`; the packed weights have 3 depth rows of `columns`.
    unsafe {
        let mut sums = [[simd.splat(0.0); V]; P];
        for sum in &mut sums {
            for (v, sum) in sum.iter_mut().enumerate() {
                *sum = simd.load(w.bias.as_ptr().add(column + v * LANES));
            }
        }
        for kernel_row in 0..3 {
            let from = bordered.as_ptr().add((y + kernel_row) * row + x * inputs);
            let mut weights = w.weights.as_ptr().add(kernel_row * depth * columns + column);
            for k in 0..depth {
                let mut line = [simd.splat(0.0); V];
                for (v, line) in line.iter_mut().enumerate() {
                    *line = simd.load(weights.add(v * LANES));
                }
                for (p, sum) in sums.iter_mut().enumerate() {
                    let value = simd.splat(*from.add(p * inputs + k));
                    for v in 0..V {
                        sum[v] = value.mul_add(line[v], sum[v]);
                    }
                }
                weights = weights.add(columns);
            }
        }
        for (p, sum) in sums.iter().enumerate() {
            let to = (y * width + x + p) * outputs + column;
            for (v, &sum) in sum.iter().enumerate() {
                // In this order a sum that is not a number stays one.
                let sum = if relu { simd.splat(0.0).max(sum) } else { sum };
                let missing = outputs - column - v * LANES;
                if missing >= LANES {
                    simd.store(sum, out.as_mut_ptr().add(to + v * LANES));
                } else {
                    let mut all = [0.0; LANES];
                    sum.write(&mut all);
                    out[to + v * LANES..][..missing].copy_from_slice(&all[..missing]);
                }
            }
        }
    }
}

/// Few outputs: sixteen terms of an output's sum at a time.
#[inline(always)]
fn narrow_forward<S: Simd>(simd: S, bordered: &[f32], w: &Packed, relu: bool, out: &mut [f32]) {
    let geometry = w.geometry;
    let Geometry { height, width, inputs, outputs } = geometry;
    let (row, chunk) = (geometry.bordered_row(), round_up(geometry.depth()));
    for y in 0..height {
        for x in 0..width {
            for output in 0..outputs {
                // SAFETY: `convolve` checked the lengths; the bordered image has a vector to spare at its end, so a chunk can be
                // read over the end of a row; what lies beyond meets weights of zero.
                let sum = unsafe {
                    let mut sums = [simd.splat(0.0); 3];
                    for (kernel_row, sum) in sums.iter_mut().enumerate() {
                        let from = bordered.as_ptr().add((y + kernel_row) * row + x * inputs);
                        let weights = w.weights.as_ptr().add((output * 3 + kernel_row) * chunk);
                        let mut k = 0;
                        while k < chunk {
                            *sum = simd.load(from.add(k)).mul_add(simd.load(weights.add(k)), *sum);
                            k += LANES;
                        }
                    }
                    let one = simd.splat(1.0);
                    sums[0].mul_add(one, sums[1]).mul_add(one, sums[2]).sum()
                } + w.bias[output];
                out[(y * width + x) * outputs + output] =
                    if relu && sum <= 0.0 { 0.0 } else { sum };
            }
        }
    }
}

/// [`accumulate`], whose slices have the lengths of `sums.geometry`.
struct Accumulate<'a> {
    bordered: &'a [f32],
    gradient: &'a [f32],
    sums: &'a mut WeightGradient,
}

impl Task for Accumulate<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Accumulate { bordered, gradient, sums } = self;
        if sums.geometry.narrow() {
            narrow_accumulate(simd, bordered, gradient, sums);
            return;
        }
        let (depth, columns) = (sums.geometry.depth(), round_up(sums.geometry.outputs));
        let mut column = 0;
        while column < columns {
            let two = wide::<S>() && columns - column >= 2 * LANES;
            for kernel_row in 0..3 {
                let mut k = 0;
                while k < depth {
                    let left = depth - k;
                    let at = (kernel_row, k, column);
                    // SAFETY: `accumulate` checked the lengths; the tile of rows lies in 0..depth,
                    // its columns in those of the sums.
                    k += unsafe {
                        if two {
                            accumulate_rows::<S, 2>(simd, bordered, gradient, sums, at, left)
                        } else {
                            accumulate_rows::<S, 1>(simd, bordered, gradient, sums, at, left)
                        }
                    };
                }
            }
            column += if two { 2 * LANES } else { LANES };
        }
    }
}

/// As many rows as fit of those left; how many they were.
///
/// # Safety
/// The slices have the lengths of `sums.geometry`, `left` rows are there, and the sums have these
/// columns.
#[inline(always)]
unsafe fn accumulate_rows<S: Simd, const V: usize>(
    simd: S,
    bordered: &[f32],
    gradient: &[f32],
    sums: &mut WeightGradient,
    at: (usize, usize, usize),
    left: usize,
) -> usize {
    // SAFETY: the caller's promise.
    unsafe {
        if wide::<S>() && V == 1 && left >= 16 {
            accumulate_tile::<S, 16, V>(simd, bordered, gradient, sums, at);
            16
        } else if wide::<S>() && left >= 8 {
            accumulate_tile::<S, 8, V>(simd, bordered, gradient, sums, at);
            8
        } else if left >= 4 {
            accumulate_tile::<S, 4, V>(simd, bordered, gradient, sums, at);
            4
        } else {
            accumulate_tile::<S, 1, V>(simd, bordered, gradient, sums, at);
            1
        }
    }
}

/// `R` rows of the weights from (`kernel_row`, `k`) on, `V * LANES` outputs from `column` on.
///
/// # Safety
/// As for [`accumulate_rows`].
#[inline(always)]
unsafe fn accumulate_tile<S: Simd, const R: usize, const V: usize>(
    simd: S,
    bordered: &[f32],
    gradient: &[f32],
    sums: &mut WeightGradient,
    (kernel_row, k, column): (usize, usize, usize),
) {
    let geometry = sums.geometry;
    let Geometry { height, width, inputs, outputs } = geometry;
    let (row, gradient_row) = (geometry.bordered_row(), geometry.transposed().bordered_row());
    let columns = round_up(outputs);
    // SAFETY: rows k..k + R lie below the depth, so the numbers read lie in the three pixels from
    // (y + kernel_row, x) on; a vector of the gradient read over the last channel belongs to
    // the next pixel or to the spare vector and goes into columns that nobody reads.
    unsafe {
        let to = sums.sums.as_mut_ptr().add((kernel_row * geometry.depth() + k) * columns + column);
        let mut tile = [[simd.splat(0.0); V]; R];
        for (r, line) in tile.iter_mut().enumerate() {
            for (v, sum) in line.iter_mut().enumerate() {
                *sum = simd.load(to.add(r * columns + v * LANES));
            }
        }
        for y in 0..height {
            let mut from = bordered.as_ptr().add((y + kernel_row) * row + k);
            let mut upstream = gradient.as_ptr().add((y + 1) * gradient_row + outputs + column);
            for _ in 0..width {
                let mut line = [simd.splat(0.0); V];
                for (v, line) in line.iter_mut().enumerate() {
                    *line = simd.load(upstream.add(v * LANES));
                }
                for (r, sum) in tile.iter_mut().enumerate() {
                    let value = simd.splat(*from.add(r));
                    for v in 0..V {
                        sum[v] = value.mul_add(line[v], sum[v]);
                    }
                }
                from = from.add(inputs);
                upstream = upstream.add(outputs);
            }
        }
        for (r, line) in tile.iter().enumerate() {
            for (v, &sum) in line.iter().enumerate() {
                simd.store(sum, to.add(r * columns + v * LANES));
            }
        }
    }
}

/// Few outputs: sixteen rows of the weights at a time.
#[inline(always)]
fn narrow_accumulate<S: Simd>(
    simd: S,
    bordered: &[f32],
    gradient: &[f32],
    sums: &mut WeightGradient,
) {
    let geometry = sums.geometry;
    let Geometry { height, width, inputs, outputs } = geometry;
    let (row, gradient_row) = (geometry.bordered_row(), geometry.transposed().bordered_row());
    let chunk = round_up(geometry.depth());
    for output in 0..outputs {
        for k in (0..chunk).step_by(LANES) {
            // SAFETY: `accumulate` checked the lengths; as in `narrow_forward`, a vector may reach over the end of what it needs,
            // into rows of the sums that nobody reads.
            unsafe {
                let to = sums.sums.as_mut_ptr().add(output * 3 * chunk + k);
                let mut tile =
                    [simd.load(to), simd.load(to.add(chunk)), simd.load(to.add(2 * chunk))];
                for y in 0..height {
                    let from = bordered.as_ptr().add(y * row + k);
                    let upstream = gradient.as_ptr().add((y + 1) * gradient_row + outputs + output);
                    for x in 0..width {
                        let value = simd.splat(*upstream.add(x * outputs));
                        for (kernel_row, sum) in tile.iter_mut().enumerate() {
                            let image = simd.load(from.add(kernel_row * row + x * inputs));
                            *sum = image.mul_add(value, *sum);
                        }
                    }
                }
                for (kernel_row, &sum) in tile.iter().enumerate() {
                    simd.store(sum, to.add(kernel_row * chunk));
                }
            }
        }
    }
}
