//! Distances between all neurons of a layer.
//!
//! On the grid the distances come from one Gram matrix. With f_i the trace of neuron i and g_i
//! the same filter run backwards over f_i, the product (f_i, f_j) is the sum of g_i over the
//! spikes of j. So the matrix costs one addition for each neuron and spike, and silent neurons
//! nothing; the additions run side by side over blocks of neurons whose g lie together in memory.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Convention, VanRossumError, check_tau, distance_of_prepared, prepare_all};

/// The distances between every two of n trains.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DistanceMatrix {
    trains: usize,
    /// Row after row of the lower triangle, without the diagonal.
    below: Vec<f64>,
}

/// The distances of pairs, by the types of their neurons.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct PairGroups {
    /// Pairs of excitatory neurons.
    pub excitatory: Vec<f64>,
    /// Pairs of an excitatory and an inhibitory neuron.
    pub mixed: Vec<f64>,
    /// Pairs of inhibitory neurons.
    pub inhibitory: Vec<f64>,
}

/// The mean distance of pairs, by the types of their neurons; none where there is no such pair.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct GroupMeans {
    /// Pairs of excitatory neurons.
    pub excitatory: Option<f64>,
    /// Pairs of an excitatory and an inhibitory neuron.
    pub mixed: Option<f64>,
    /// Pairs of inhibitory neurons.
    pub inhibitory: Option<f64>,
    /// All pairs.
    pub all: Option<f64>,
}

impl DistanceMatrix {
    /// Number of trains.
    pub fn len(&self) -> usize {
        self.trains
    }

    /// Whether there are no trains.
    pub fn is_empty(&self) -> bool {
        self.trains == 0
    }

    /// The distance of trains i and j, in any order; 0 for i = j.
    ///
    /// # Panics
    /// If there is no such train.
    pub fn get(&self, i: usize, j: usize) -> f64 {
        assert!(i.max(j) < self.trains, "trains {i} and {j} of {}", self.trains);
        if i == j { 0.0 } else { self.below[before_row(i.max(j)) + i.min(j)] }
    }

    /// The distances of train i to the trains 0..i.
    fn row(&self, i: usize) -> &[f64] {
        &self.below[before_row(i)..before_row(i + 1)]
    }

    /// The distance of every pair once: (1, 0), (2, 0), (2, 1), (3, 0) and so on.
    pub fn pairs(&self) -> &[f64] {
        &self.below
    }

    /// The distances of pairs by type; `excitatory` tells it of each neuron.
    ///
    /// # Errors
    /// If there are not as many types as trains.
    pub fn groups(&self, excitatory: &[bool]) -> Result<PairGroups, VanRossumError> {
        self.check_types(excitatory)?;
        let mut groups = PairGroups::default();
        for (i, &type_i) in excitatory.iter().enumerate() {
            for (&distance, &type_j) in self.row(i).iter().zip(excitatory) {
                match (type_i, type_j) {
                    (true, true) => groups.excitatory.push(distance),
                    (false, false) => groups.inhibitory.push(distance),
                    _ => groups.mixed.push(distance),
                }
            }
        }
        Ok(groups)
    }

    /// The mean distances by type, without a copy of the distances.
    ///
    /// # Errors
    /// If there are not as many types as trains.
    pub fn group_means(&self, excitatory: &[bool]) -> Result<GroupMeans, VanRossumError> {
        self.check_types(excitatory)?;
        // Sums by the number of excitatory neurons in the pair.
        let (mut sums, mut counts) = ([0.0; 3], [0usize; 3]);
        for (i, &type_i) in excitatory.iter().enumerate() {
            let mut row_sums = [0.0; 2];
            let mut row_counts = [0; 2];
            for (&distance, &type_j) in self.row(i).iter().zip(excitatory) {
                row_sums[usize::from(type_j)] += distance;
                row_counts[usize::from(type_j)] += 1;
            }
            for type_j in 0..2 {
                sums[usize::from(type_i) + type_j] += row_sums[type_j];
                counts[usize::from(type_i) + type_j] += row_counts[type_j];
            }
        }
        let mean = |sum: f64, count: usize| (count > 0).then(|| sum / count as f64);
        Ok(GroupMeans {
            excitatory: mean(sums[2], counts[2]),
            mixed: mean(sums[1], counts[1]),
            inhibitory: mean(sums[0], counts[0]),
            all: mean(sums.iter().sum(), counts.iter().sum()),
        })
    }

    fn check_types(&self, excitatory: &[bool]) -> Result<(), VanRossumError> {
        if excitatory.len() == self.trains {
            return Ok(());
        }
        Err(VanRossumError::WrongNeurons { found: excitatory.len(), wanted: self.trains })
    }

    /// Fills the matrix in parallel, a batch of rows at a time: `fill(first, rows)` writes the
    /// rows from `first` on, row i being i long.
    fn build(trains: usize, fill: impl Fn(usize, &mut [&mut [f64]]) + Sync) -> Self {
        const BATCH: usize = 8;
        let mut below = vec![0.0; before_row(trains)];
        let mut rows = Vec::with_capacity(trains);
        let mut rest = below.as_mut_slice();
        for i in 0..trains {
            let (row, after) = rest.split_at_mut(i);
            rows.push(row);
            rest = after;
        }
        rows.par_chunks_mut(BATCH).enumerate().for_each(|(batch, rows)| fill(batch * BATCH, rows));
        Self { trains, below }
    }
}

/// Number of distances in the rows before row `i` of the lower triangle.
fn before_row(i: usize) -> usize {
    i * i.saturating_sub(1) / 2
}

/// The distances between all trains, in parallel; see [`distance`](super::distance).
///
/// # Errors
/// As [`distance`](super::distance); the first bad train is named.
pub fn distance_matrix<S: AsRef<[f64]> + Sync>(
    trains: &[S],
    tau: f64,
    convention: Convention,
) -> Result<DistanceMatrix, VanRossumError> {
    check_tau(tau, convention)?;
    let trains = prepare_all(trains, convention)?;
    if let Convention::Grid { steps } = convention {
        let on_grid = |train: &Vec<f64>| train.iter().map(|&step| step as u32).collect();
        let trains: Vec<Vec<u32>> = trains.iter().map(on_grid).collect();
        return grid_distance_matrix(&trains, steps, tau);
    }
    Ok(DistanceMatrix::build(trains.len(), |first, rows| {
        for (i, row) in (first..).zip(rows) {
            for (j, out) in row.iter_mut().enumerate() {
                *out = distance_of_prepared(&trains[i], &trains[j], tau, convention);
            }
        }
    }))
}

/// The distances between all trains of a layer on a grid of `steps` steps, in the convention of
/// [`Convention::Grid`], from the steps of each neuron's spikes in any order; `tau` is in steps.
///
/// Trains of the same spikes have distance exactly 0.
///
/// # Errors
/// If tau is not positive and finite, or a spike is not on the grid.
///
/// ```
/// use equipoise_metrics::van_rossum::grid_distance_matrix;
/// let matrix = grid_distance_matrix(&[vec![10u32], vec![], vec![10]], 100, 1.0)?;
/// assert!((matrix.get(0, 1) - 1.075415103).abs() < 1e-9);
/// assert_eq!(matrix.get(0, 2), 0.0);
/// # Ok::<(), equipoise_metrics::van_rossum::VanRossumError>(())
/// ```
pub fn grid_distance_matrix<S: AsRef<[u32]> + Sync>(
    trains: &[S],
    steps: usize,
    tau: f64,
) -> Result<DistanceMatrix, VanRossumError> {
    check_tau(tau, Convention::Grid { steps })?;
    let trains = sorted_steps(trains, steps)?;
    let decay = libm::exp(-1.0 / tau);
    let blocks: Vec<Block> =
        trains.par_chunks(LANES).map(|trains| Block::new(trains, steps, decay)).collect();
    let norms: Vec<f64> = trains
        .iter()
        .enumerate()
        .map(|(i, train)| blocks[i / LANES].products(train)[i % LANES])
        .collect();
    Ok(DistanceMatrix::build(trains.len(), |first, rows| {
        for (b, (block, norms_of_block)) in blocks.iter().zip(norms.chunks(LANES)).enumerate() {
            for (i, row) in (first..).zip(rows.iter_mut()) {
                let Some(row) = row.get_mut(b * LANES..) else { continue };
                let products = block.products(&trains[i]);
                for ((out, product), norm) in row.iter_mut().zip(products).zip(norms_of_block) {
                    // Equal trains have the same three sums of the same terms: exactly 0.
                    *out = ((norms[i] + norm - 2.0 * product).max(0.0) / tau).sqrt();
                }
            }
        }
    }))
}

/// Neurons whose backward traces lie side by side.
const LANES: usize = 16;

/// The twice filtered traces of [`LANES`] neurons: one row of them for each step.
struct Block {
    traces: Vec<[f64; LANES]>,
}

impl Block {
    fn new(trains: &[Vec<u32>], steps: usize, decay: f64) -> Self {
        let mut traces = vec![[0.0; LANES]; steps];
        for (lane, train) in trains.iter().enumerate() {
            for &step in train {
                traces[step as usize][lane] += 1.0;
            }
        }
        // Forwards for the traces, backwards for their products with a spike.
        decay_along(traces.iter_mut(), decay);
        decay_along(traces.iter_mut().rev(), decay);
        Self { traces }
    }

    /// The products of the traces of these neurons with that of a train.
    fn products(&self, train: &[u32]) -> [f64; LANES] {
        let mut sums = [0.0; LANES];
        for &step in train {
            let row = &self.traces[step as usize];
            for (sum, value) in sums.iter_mut().zip(row) {
                *sum += value;
            }
        }
        sums
    }
}

/// Adds to each row the one before it, decayed.
fn decay_along<'a>(rows: impl Iterator<Item = &'a mut [f64; LANES]>, decay: f64) {
    let mut carried = [0.0; LANES];
    for row in rows {
        for (value, carried) in row.iter_mut().zip(&mut carried) {
            *value += *carried * decay;
            *carried = *value;
        }
    }
}

/// The steps of each train, checked and in order.
fn sorted_steps<S: AsRef<[u32]>>(
    trains: &[S],
    steps: usize,
) -> Result<Vec<Vec<u32>>, VanRossumError> {
    let mut sorted = Vec::with_capacity(trains.len());
    for (index, train) in trains.iter().enumerate() {
        let mut train = train.as_ref().to_vec();
        if let Some(&step) = train.iter().find(|&&step| step as usize >= steps) {
            let (time, wanted) = (f64::from(step), format!("in 0..{steps}"));
            return Err(VanRossumError::BadTime { train: index, time, wanted });
        }
        train.sort_unstable();
        sorted.push(train);
    }
    Ok(sorted)
}
