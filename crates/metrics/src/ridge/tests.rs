use super::*;
use equipoise_random::stream;

fn numbers(n: usize, name: &str) -> Vec<f32> {
    let mut s = stream(1, name, 0);
    (0..n).map(|_| s.normal() as f32).collect()
}

/// NumPy's solution for a penalty of 2.5, from `scripts/reference/ridge.py`.
#[test]
fn agrees_with_numpy() {
    let x: Vec<f32> = (0..24u16).map(|i| f32::from(i * i % 7)).collect();
    let y: Vec<f32> = (0..16u16).map(|i| f32::from(i * 3 % 5) / 5.0).collect();
    let (x, y) = (Table::of_floats(&x, 3).unwrap(), Table::of_floats(&y, 2).unwrap());
    let equations = NormalEquations::sum(x, y).unwrap();
    let ridge = equations.solve(2.5 / equations.unit()).unwrap();
    assert!((ridge.penalty() - 2.5).abs() < 1e-12);
    for (k, want) in WEIGHTS.iter().enumerate() {
        // NumPy's targets are 64-bit, these are rounded to 32.
        assert!((ridge.weights()[(k / 2, k % 2)] - want).abs() < 1e-7);
    }
    for (got, want) in ridge.intercept().iter().zip(INTERCEPT) {
        assert!((got - want).abs() < 1e-7, "{got} {want}");
    }
}

const WEIGHTS: [f64; 6] = [
    0.100520604787,
    0.022486952073,
    -0.0872688236526,
    0.129889037941,
    -0.037362705972,
    0.0406709420365,
];
const INTERCEPT: [f64; 2] = [0.396784081114, 0.05059627821];

#[test]
fn one_feature_is_shrunk_as_the_formula_says() {
    // Counts 0..=10, outputs twice them; the weight is 2 sxx / (sxx + penalty).
    let counts: Vec<u16> = (0..=10).collect();
    let target = |i: usize, out: &mut [f64]| out[0] = 2.0 * i as f64;
    let x = Table::of_counts(&counts, 1).unwrap();
    let equations = NormalEquations::sum(x, Table::of_rows(11, 1, &target)).unwrap();
    let ridge = equations.solve(0.5).unwrap();
    let of = |x: u16| ridge.predict(Table::of_counts(&[x], 1).unwrap()).unwrap()[0];
    assert!((of(1) - of(0) - 2.0 / 1.5).abs() < 1e-12);
    assert!((of(5) - 10.0).abs() < 1e-12);
}

/// The gradient of the squared error and the penalty is 0 at the solution, whichever equations
/// gave it, and wherever blocks begin and end.
#[test]
fn the_gradient_vanishes_at_the_solution() {
    for (n, p, m) in [(9, 12, 2), (12, 9, 2), (700, 130, 140), (130, 300, 5), (1, 4, 1)] {
        let (x, y) = (numbers(n * p, "x"), numbers(n * m, "y"));
        let (tx, ty) = (Table::of_floats(&x, p).unwrap(), Table::of_floats(&y, m).unwrap());
        let ridge = NormalEquations::sum(tx, ty).unwrap().solve(0.3).unwrap();
        let predicted = ridge.predict(tx).unwrap();
        let residual = |i: usize, j: usize| predicted[i * m + j] - f64::from(y[i * m + j]);
        let scale = n as f64;
        for j in 0..m {
            let sum: f64 = (0..n).map(|i| residual(i, j)).sum();
            assert!(sum.abs() < 1e-9 * scale, "intercept {j}: {sum}");
            for k in (0..p).step_by(7) {
                let error: f64 = (0..n).map(|i| residual(i, j) * f64::from(x[i * p + k])).sum();
                let gradient = error + ridge.penalty() * ridge.weights()[(k, j)];
                assert!(gradient.abs() < 1e-8 * scale, "{n} {p} {m}: {gradient}");
            }
        }
    }
}

#[test]
fn standardised_equations_are_those_of_standardised_features() {
    for (n, p) in [(40, 8), (8, 40)] {
        let (x, y) = (numbers(n * p, "x"), numbers(n, "y"));
        let shift = numbers(p, "shift");
        let mut scale: Vec<f32> = numbers(p, "scale").iter().map(|s| s.abs() + 0.1).collect();
        scale[3] = 0.0;
        let moved: Vec<f32> = (0..n * p).map(|i| (x[i] - shift[i % p]) * scale[i % p]).collect();
        let y = Table::of_floats(&y, 1).unwrap();
        let plain = NormalEquations::sum(Table::of_floats(&x, p).unwrap(), y).unwrap();
        let table = Table::of_floats(&moved, p).unwrap();
        let a = plain.standardised(&shift, &scale).solve(0.1).unwrap();
        let b = NormalEquations::sum(table, y).unwrap().solve(0.1).unwrap();
        assert!((a.penalty() / b.penalty() - 1.0).abs() < 1e-6);
        for (a, b) in a.predict(table).unwrap().iter().zip(b.predict(table).unwrap()) {
            assert!((a - b).abs() < 1e-6, "{a} {b}");
        }
    }
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let (n, p, m) = (1100, 300, 270);
    let (x, y) = (numbers(n * p, "x"), numbers(n * m, "y"));
    let (x, y) = (Table::of_floats(&x, p).unwrap(), Table::of_floats(&y, m).unwrap());
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| NormalEquations::sum(x, y).unwrap().fit(&[1e-3, 0.1], x, y).unwrap())
    };
    let one = with(1);
    assert!(one == with(2) && one == with(3));
}

#[test]
fn the_penalty_with_the_least_error_is_chosen() {
    let x = numbers(60 * 5, "x");
    let y: Vec<f32> = x.chunks(5).map(|x| 2.0 * x[0] - x[3]).collect();
    let (x, y) = (Table::of_floats(&x, 5).unwrap(), Table::of_floats(&y, 1).unwrap());
    let ridge = NormalEquations::sum(x, y).unwrap().fit(&[1.0, 1e-6, 0.1], x, y).unwrap();
    let errors = ridge.errors();
    assert_eq!((errors.len(), ridge.penalty()), (3, errors[1].0));
    assert!(errors[1].1 < errors[2].1 && errors[2].1 < errors[0].1);
    let error = ridge.squared_error(x, y).unwrap();
    assert_eq!(error, errors[1].1);
}

#[test]
fn silent_features_and_what_does_not_fit() {
    let target = |i: usize, out: &mut [f64]| out[0] = i as f64;
    let of = |rows| Table::of_rows(rows, 1, &target);
    let zeros = [0u16; 30];
    let silent = Table::of_counts(&zeros, 3).unwrap();
    let equations = NormalEquations::sum(silent, of(10)).unwrap();
    assert_eq!(equations.solve(0.0), Err(RidgeError::Singular));
    assert_eq!(equations.fit(&[0.0], silent, of(10)), Err(RidgeError::Singular));
    let ridge = equations.solve(1e-3).unwrap();
    let one = Table::of_counts(&[0, 0, 7], 3).unwrap();
    assert!((ridge.predict(one).unwrap()[0] - 4.5).abs() < 1e-9);
    let narrow = Table::of_counts(&[0, 0], 2).unwrap();
    assert!(matches!(ridge.predict(narrow), Err(RidgeError::Columns { wanted: 3, .. })));
    for share in [-1.0, f64::NAN, f64::INFINITY] {
        assert!(matches!(equations.solve(share), Err(RidgeError::Penalty(_))));
    }
    assert!(matches!(equations.fit(&[], silent, of(10)), Err(RidgeError::Penalty(_))));
    let uneven = NormalEquations::sum(silent, of(9)).unwrap_err();
    assert_eq!(uneven, RidgeError::Samples { features: 10, outputs: 9 });
    let nothing = Table::of_counts(&[], 3).unwrap();
    let empty = NormalEquations::sum(nothing, of(0)).unwrap_err();
    assert!(matches!(empty, RidgeError::Empty { samples: 0, .. }));
    assert!(Table::of_counts(&zeros[1..], 3).is_err() && Table::of_counts(&[], 0).is_err());
}
